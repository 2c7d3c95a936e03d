"""The edge cases recorded from Apache Kafka, asked of the broker by kafka-behaviour."""
import json
import subprocess
import sys

from suite import place
from suite.outcome import Failure, check, say

AREAS = ("produce", "idempotence", "fetch", "list-offsets", "metadata", "topics", "delete-records",
         "wire", "controller")
# Of an area that is asked and not judged as a whole: what is asked at a controller's listener.
SINGLE = {("admin", 641)}
# Cases that need that listener: one that was not judged would pass unseen.
AT_CONTROLLER = {("admin", 641), ("wire", 707), ("wire", 708)}
EXCEPTIONS = place.HERE / "judge_exceptions.txt"
SECONDS = 170


def run(session):
    tool = place.facts() / "tools" / "kafka-behaviour"
    allowed = read_exceptions(EXCEPTIONS)
    own = session.broker()
    if not session.options.bootstrap:
        own.add_controller_listener()
    with own as broker:
        report = only_judged(ask(tool, broker.address, broker.controller))
        broker.check_alive()
    if broker.controller:
        missing = AT_CONTROLLER - {(c["area"], c["n"]) for c in report["cases"]
                                   if c["status"] in ("equal", "different")}
        check(not missing, f"the cases {sorted(missing)} were not asked at the controller")
    different = {(c["area"], c["n"]): c for c in report["cases"] if c["status"] == "different"}
    for key in sorted(set(different) & set(allowed)):
        say(f"  wanted: {name(different[key])}: {allowed[key]}")
    say("  " + ", ".join(f"{count} {state}" for state, count in report["summary"].items()))
    problems = problems_of(report, allowed)
    check(not problems, f"{len(problems)} differences from Apache Kafka:\n  "
                        + "\n  ".join(problems))
    check(report["summary"].get("equal", 0) > 0, "the judge compared nothing")


def only_judged(report):
    """The report without the cases and steps of areas that are asked for single cases only, and
    with a summary of what is left."""
    cases = [c for c in report["cases"]
             if c["area"] in AREAS or (c["area"], c["n"]) in SINGLE]
    counts = {}
    for case in cases:
        counts[case["status"]] = counts.get(case["status"], 0) + 1
    failures = [f for f in report["setupFailures"] if f["area"] in AREAS]
    return {"cases": cases, "setupFailures": failures, "summary": counts}


def problems_of(report, allowed):
    """What of the judge's report may not be. A blocked case was not compared: that counts as a
    difference, or a step that fails would hide every case that builds on it."""
    judged = {(c["area"], c["n"]): c for c in report["cases"]
              if c["status"] in ("different", "blocked")}
    problems = [f"{name(c)}: " + (f"blocked: {c['got']}" if c["status"] == "blocked"
                                  else f"expected {c['expected']}; got {c['got']}")
                for key, c in judged.items() if key not in allowed]
    problems += [f"{f['area']}, set-up: {f['step']}: expected to work; got {f['got']}"
                 for f in report["setupFailures"]]
    problems += [f"{area} {n} is listed in {EXCEPTIONS.name} and does not differ: remove the line"
                 for area, n in sorted(set(allowed) - set(judged))]
    return problems


def name(case):
    version = "" if case["version"] is None else f" v{case['version']}"
    again = " (2nd)" if case["nth"] > 1 else ""
    return f"{case['area']} {case['n']} {case['api'] or 'raw bytes'}{version} " \
           f"\"{case['what']}\"{again}"


def read_exceptions(path):
    """{(area, number): reason} of the lines `AREA NUMBER reason`."""
    out = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        words = line.split(None, 2)
        if not words or words[0].startswith("#"):
            continue
        if len(words) < 3 or not words[1].isdigit() or words[0] not in AREAS:
            raise Failure(f"{path.name}:{number}: expected AREA NUMBER reason, found {line!r}; "
                          f"areas are {', '.join(AREAS)}")
        out[words[0], int(words[1])] = words[2]
    return out


def ask(tool, address, controller):
    areas = [*AREAS, *sorted({area for area, _ in SINGLE} if controller else ())]
    command = [sys.executable, "-B", str(tool), address, "--only", ",".join(areas), "--json"]
    if controller:
        command += ["--controller", controller]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False,
                              timeout=SECONDS)
    except subprocess.TimeoutExpired as slow:
        raise Failure(f"the judge did not end within {SECONDS} s; ask it by hand, area by area: "
                      f"{tool} {address} --only AREA") from slow
    if done.returncode not in (0, 1) or not done.stdout:
        raise Failure(f"the judge ended with status {done.returncode}: {done.stderr[-800:]}")
    return json.loads(done.stdout)
