"""Where things lie: the installed clients, the facts of the original, scratch space."""
import os
import shutil
import tempfile
from pathlib import Path

from suite.outcome import Skip

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parent.parent
SETUP_HINT = "run tests/interop/setup.sh"


def installed():
    """The folder that setup.sh fills."""
    return Path(os.environ.get("GLASSLOG_INTEROP_DIR", ROOT / "build" / "interop"))


def venv_python():
    return installed() / "venv" / "bin" / "python"


def java_command(*arguments):
    """`java` with Kafka's jars and our classes; flags for short runs on a shared machine."""
    libraries, classes = installed() / "java" / "lib", installed() / "java" / "classes"
    if not shutil.which("java") or not libraries.is_dir() or not classes.is_dir():
        raise Skip(f"Kafka's Java clients are not installed: {SETUP_HINT}")
    return [
        "java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
        # They report each refusal that a test asks for.
        "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.clients.admin=off",
        "-cp", f"{libraries}/*:{classes}", *arguments,
    ]


def kcat_command(*arguments):
    if not shutil.which("kcat"):
        raise Skip(f"kcat is not installed: {SETUP_HINT}, or install the package kcat")
    return ["kcat", *arguments]


def facts():
    """The folder named by GLASSLOG_FACTS, with tools/ and golden/; Skip without it."""
    named = os.environ.get("GLASSLOG_FACTS")
    if not named:
        raise Skip("GLASSLOG_FACTS is not set: name the folder with the tools/ and golden/ of "
                   "the recorded facts about Apache Kafka")
    if not (Path(named) / "tools" / "kafka-behaviour").exists():
        raise Skip(f"GLASSLOG_FACTS={named} has no tools/kafka-behaviour")
    return Path(named)


def scratch(name):
    """A new empty directory; GLASSLOG_INTEROP_SCRATCH says where, the default is the system's."""
    return Path(tempfile.mkdtemp(prefix=f"glasslog-{name}-",
                                 dir=os.environ.get("GLASSLOG_INTEROP_SCRATCH")))
