"""A Slurm of one's own, with one node."""

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time

import pytest

DAEMONS = ("munged", "slurmctld", "slurmd")
CLIENTS = ("sbatch", "scancel", "scontrol", "sinfo", "squeue", "srun")
PLACES = os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"])  # not on every user's path

# Without sched_min_interval and batch_sched_delay a job waits seconds before it starts.
# OverMemoryKill, sampled every second, ends a job over its memory without control groups.
# With config_overrides the node is what is written here, whatever the machine.
CONFIGURATION = """
ClusterName=private
SlurmctldHost=localhost
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge/socket
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
MpiDefault=none
MinJobAge=3600
SchedulerParameters=sched_min_interval=100000,batch_sched_delay=0
GresTypes=gpu
SlurmdParameters=config_overrides
NodeName=localhost CPUs=2 RealMemory=12000 Gres=gpu:1 State=UNKNOWN
PartitionName=standard Nodes=localhost Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes=localhost MaxTime=INFINITE State=UP
"""


class PrivateSlurm:
    """Slurm with one node, of the user who starts it; its daemons are children of this process."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = {
            "SLURM_CONF": str(folder / "slurm.conf"),
            "PATH": os.pathsep.join([str(folder / "bin"), PLACES]),
        }
        self.daemons = []

    def start(self):
        for name in ("bin", "munge", "spool", "state"):
            (self.folder / name).mkdir()
        (self.folder / "munge").chmod(0o711)
        key = self.folder / "munge/key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        user = pwd.getpwuid(os.getuid()).pw_name
        (self.folder / "slurm.conf").write_text(
            CONFIGURATION.format(folder=self.folder, user=user, ports=free_ports(2))
        )
        # a pretended GPU has to be a device
        (self.folder / "gres.conf").write_text("NodeName=localhost Name=gpu File=/dev/null\n")
        # The executor starts its inner srun without SLURM_CONF: no loss where the configuration
        # is the system's, but here it has to be put back.
        srun = self.folder / "bin/srun"
        srun.write_text(
            f"#!/bin/sh\nSLURM_CONF={self.folder}/slurm.conf "
            f'exec {shutil.which("srun", path=PLACES)} "$@"\n'
        )
        srun.chmod(0o755)
        files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "seed-file": "seed"}
        options = [f"--{option}={self.folder}/munge/{name}" for option, name in files.items()]
        self._daemon("munged", "--foreground", "--force", *options)
        self._wait("munged", (self.folder / "munge/socket").exists)
        self._daemon("slurmctld", "-D")
        self._daemon("slurmd", "-D")
        self._wait("slurmd", lambda: set(self.ask("sinfo", "-h", "-o", "%T").split()) == {"idle"})

    def stop(self):
        self.ask("scancel", "--user", str(os.getuid()))
        self._wait("slurmctld", lambda: not self.active())
        for daemon in reversed(self.daemons):
            daemon.terminate()
            daemon.wait(timeout=60)

    def ask(self, *command):
        """Output of a command of Slurm; nothing if it fails, as while the daemons are starting."""
        environment = os.environ | self.environment
        return subprocess.run(command, env=environment, capture_output=True, text=True).stdout

    def active(self):
        """Numbers of the jobs that wait or run."""
        return self.ask("squeue", "-h", "-o", "%i").split()

    def jobs(self):
        """All jobs, the first one first: what scontrol knows of them, by its names."""
        lines = self.ask("scontrol", "--oneliner", "show", "jobs").splitlines()
        found = [
            dict(pair.split("=", 1) for pair in line.split() if "=" in pair)
            for line in lines
            if line.startswith("JobId=")
        ]
        return sorted(found, key=lambda job: int(job["JobId"]))

    def _daemon(self, name, *options):
        with (self.folder / f"{name}.log").open("w") as log:
            self.daemons.append(
                subprocess.Popen(
                    [shutil.which(name, path=PLACES), *options],
                    env=os.environ | self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    preexec_fn=end_with_parent,
                )
            )

    def _wait(self, name, ready, seconds=60):
        deadline = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > deadline or any(daemon.poll() for daemon in self.daemons):
                log = (self.folder / f"{name}.log").read_text()
                raise RuntimeError(
                    f"the private Slurm does not answer; {name}.log ends:\n{log[-3000:]}"
                )
            time.sleep(0.1)


def end_with_parent():
    """Have the kernel end this process when its parent is gone, killed tests included."""
    set_death_signal = 1
    ctypes.CDLL(None).prctl(set_death_signal, signal.SIGTERM)


def free_ports(number):
    """Ports that nobody listens on, all different."""
    sockets = [socket.create_server(("localhost", 0)) for _ in range(number)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    """Slurm with one node; where it is not installed, tests are skipped, but not in CI."""
    absent = [name for name in (*DAEMONS, *CLIENTS) if shutil.which(name, path=PLACES) is None]
    if absent:
        reason = f"not found: {', '.join(absent)}; they come with Debian's slurm-wlm and munge"
        if "CI" in os.environ:
            pytest.fail(reason)
        pytest.skip(reason)
    running = PrivateSlurm(tmp_path_factory.mktemp("slurm"))
    try:
        running.start()
        yield running
    finally:
        running.stop()
