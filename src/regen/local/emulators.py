"""Finding Google's Pub/Sub and Firestore emulators, and their command lines."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

PUBSUB_JAR = "platform/pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar"
FIRESTORE_JAR = "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"
USUAL_ROOTS = ("/usr/lib/google-cloud-sdk", "/usr/share/google-cloud-sdk", "/opt/google-cloud-sdk")
OLDEST_JAVA = 11

#: Small machines, short runs: neither the optimising compiler nor a parallel collector pays for itself.
JVM_FLAGS = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Xmx768m", "-Duser.language=en")


class Emulators(Struct, frozen=True):
    """Paths of Java and of the two emulators' jars."""

    java: str
    pubsub_jar: Path
    firestore_jar: Path

    def pubsub(self, port: int, home: Path) -> list[str]:
        """The Pub/Sub emulator's command line."""
        main = ["com.google.cloud.pubsub.testing.v1.Main", "--host=127.0.0.1", f"--port={port}"]
        return [*self._jvm(home), "-cp", str(self.pubsub_jar), *main]

    def firestore(self, port: int, relay_port: int, home: Path) -> list[str]:
        """The Firestore emulator's command line; document changes go to the relay."""
        main = ["com.google.cloud.datastore.emulator.firestore.CloudFirestore", "start", "--host=127.0.0.1"]
        to = [f"--port={port}", f"--functions_emulator=127.0.0.1:{relay_port}"]
        return [*self._jvm(home), "-cp", str(self.firestore_jar), *main, *to]

    def _jvm(self, home: Path) -> list[str]:
        return [self.java, *JVM_FLAGS, f"-Duser.home={home}", f"-Djava.io.tmpdir={home}"]


def find_emulators(environ: Mapping[str, str] = os.environ) -> Emulators | str:
    """The emulators, or a text that says what is missing."""
    if environ.get("REGEN_LOCAL_EMULATORS", "").lower() == "off":
        return "REGEN_LOCAL_EMULATORS=off"
    pubsub = _jar(environ, "PUBSUB_EMULATOR_JAR", PUBSUB_JAR)
    firestore = _jar(environ, "FIRESTORE_EMULATOR_JAR", FIRESTORE_JAR)
    if pubsub is None or firestore is None:
        missing = " and ".join(w for w, jar in (("Pub/Sub", pubsub), ("Firestore", firestore)) if jar is None)
        return f"no {missing} emulator beside gcloud, in CLOUDSDK_ROOT or as PUBSUB_EMULATOR_JAR and FIRESTORE_EMULATOR_JAR"
    java = _java(environ)
    if java is None:
        return f"no Java {OLDEST_JAVA} or later on PATH or in JAVA_HOME"
    return Emulators(java, pubsub, firestore)


def _jar(environ: Mapping[str, str], variable: str, pattern: str) -> Path | None:
    if named := environ.get(variable):
        return Path(named).resolve() if Path(named).is_file() else None
    for root in _roots(environ):
        if found := sorted(root.glob(pattern)):
            return found[-1]
    return None


def _roots(environ: Mapping[str, str]) -> list[Path]:
    roots = [Path(environ["CLOUDSDK_ROOT"])] if environ.get("CLOUDSDK_ROOT") else []
    if gcloud := shutil.which("gcloud", path=environ.get("PATH")):
        roots.append(Path(gcloud).resolve().parents[1])
    return roots + [Path(root) for root in USUAL_ROOTS]


def _java(environ: Mapping[str, str]) -> str | None:
    home = environ.get("JAVA_HOME")
    candidates = [f"{home}/bin/java"] if home else []
    if found := shutil.which("java", path=environ.get("PATH")):
        candidates.append(found)
    return next((java for java in candidates if _java_version(java) >= OLDEST_JAVA), None)


def _java_version(java: str) -> int:
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=20, check=False).stderr
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(match.group(1)) if match else 0
