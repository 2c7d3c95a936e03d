"""A network of its own for each node, so that links between nodes can be cut: namespaces of Linux.

Every node has a namespace with one interface, all on one bridge; the test itself sits at the bridge
and reaches every node always. A link is cut by a wrong hardware address for the neighbour: what is
sent there gets lost without a word, as on a broken switch, in one direction. Needs root.
"""
import os
import shutil
import subprocess

from suite.outcome import Failure, Skip

NOWHERE = "02:00:00:00:00:ff"


class Network:
    """Namespaces for `count` nodes, numbered from 1."""

    def __init__(self, count):
        if os.geteuid() != 0 or not shutil.which("ip"):
            raise Skip("links can be cut by root only, with the command ip (package iproute2)")
        self.count = count
        # Two runs at once must not meet: the process id makes the names and the addresses.
        self.mark = os.getpid() % 0x4000
        self.prefix = f"10.{200 + self.mark // 256 % 50}.{self.mark % 256}"
        self.bridge = f"glb{self.mark:x}"

    def namespace(self, node):
        return f"gl{self.mark:x}n{node}"

    def address(self, node):
        return f"{self.prefix}.{node}"

    def __enter__(self):
        try:
            self._ip("link", "add", self.bridge, "type", "bridge")
            self._ip("link", "set", self.bridge, "up")
            self._ip("addr", "add", f"{self.prefix}.254/24", "dev", self.bridge)
            for node in range(1, self.count + 1):
                self._add(node)
        except Failure as problem:
            self.close()
            raise Skip(f"no network namespaces here: {problem}") from problem
        return self

    def _add(self, node):
        name, outside = self.namespace(node), f"glv{self.mark:x}n{node}"
        self._ip("netns", "add", name)
        self._ip("link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", name)
        self._ip("link", "set", outside, "master", self.bridge)
        self._ip("link", "set", outside, "up")
        self._ip("-n", name, "addr", "add", f"{self.address(node)}/24", "dev", "eth0")
        self._ip("-n", name, "link", "set", "eth0", "up")
        self._ip("-n", name, "link", "set", "lo", "up")

    def __exit__(self, *_):
        self.close()

    def close(self):
        for node in range(1, self.count + 1):
            self._ip("netns", "del", self.namespace(node), is_checked=False)
        self._ip("link", "del", self.bridge, is_checked=False)

    def inside(self, node, command):
        """`command`, to be run in the node's namespace; the process is the command itself."""
        return ["ip", "netns", "exec", self.namespace(node), *command]

    def cut(self, node):
        """Nothing passes between this node and the others, in either direction."""
        for other in self._others(node):
            for here, there in ((node, other), (other, node)):
                self._ip("-n", self.namespace(here), "neigh", "replace", self.address(there),
                         "lladdr", NOWHERE, "dev", "eth0", "nud", "permanent")

    def mend(self, node):
        for other in self._others(node):
            for here, there in ((node, other), (other, node)):
                self._ip("-n", self.namespace(here), "neigh", "del", self.address(there),
                         "dev", "eth0")

    def is_cut(self, node):
        text = self._ip("-n", self.namespace(node), "neigh")
        return text.count(NOWHERE) == self.count - 1

    def _others(self, node):
        return [n for n in range(1, self.count + 1) if n != node]

    def _ip(self, *words, is_checked=True):
        done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False,
                              timeout=20)
        if is_checked and done.returncode != 0:
            raise Failure(f"ip {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout
