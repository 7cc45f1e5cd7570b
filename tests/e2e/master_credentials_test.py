"""master_credentials_test.py ESAAS: right and wrong credentials on a real Mesos 1.11 that asks everybody for some.

Its master authenticates frameworks and the whole operator API with HTTP basic authentication. The controller with the
right secret subscribes, and its questions to the operator API are answered; with a wrong one, and with none, it says so
once and goes on trying.
"""

import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lab/mesos"))
from installation import SKIPPED  # noqa: E402
from master_detection_test import Controller  # noqa: E402
from mesos_lab import MesosLab, Unavailable  # noqa: E402

RIGHT = "kept-from-every-log"
WRONG = "also-kept-from-every-log"


def lab_with_credentials(root):
    file = root / "master-credentials.json"
    file.write_text(json.dumps({"credentials": [{"principal": "esaas", "secret": RIGHT}]}))
    file.chmod(0o600)
    lab = MesosLab(agents=1, first_agent_address="127.0.83.11", master_flags={
        "credentials": f"file://{file}", "authenticate_http_frameworks": "true", "http_framework_authenticators": "basic",
        "http_authenticators": "basic", "authenticate_http_readonly": "true", "authenticate_http_readwrite": "true"})
    lab.operator = functools.partial(lab.operator, credential=("esaas", RIGHT))
    return lab


def with_controller(binary, root, name, mesos, environment, check):
    controller = Controller(binary, root, name, mesos, environment)
    try:
        check(controller)
    finally:
        controller.close()
    text = controller.log.read_text()
    assert RIGHT not in text and WRONG not in text, "a secret is in the log"
    print(f"ok: {name}", flush=True)


def takes_part(binary, root, lab, controller):
    controller.expect("none")
    frameworks = lab.operator("GET_FRAMEWORKS")["get_frameworks"]["frameworks"]
    principals = [each["framework_info"].get("principal") for each in frameworks if each.get("active")]
    assert principals == ["esaas"], frameworks
    environment = dict(os.environ, ESAAS_SERVER=f"http://127.0.0.1:{controller.port}",
                       ESAAS_TOKEN_FILE=str(root / controller.log.stem / "admin-token"))
    # The ledger is compared with the master's own books, which only its operator API has.
    done = subprocess.run([binary, "ledger"], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def is_refused(text, controller):
    controller.expect("credentials_refused")
    time.sleep(3)  # several more attempts
    assert controller.logged("mesos_disconnected") == 1 and controller.logged(text) == 1, controller.log.read_text()


def main():
    binary = Path(sys.argv[1]).resolve()
    root = Path(tempfile.mkdtemp(prefix="esaas-credentials-"))
    try:
        with lab_with_credentials(root) as lab:
            (root / "right").write_text(f"esaas {RIGHT}\n")
            (root / "wrong").write_text(f"esaas {WRONG}\n")
            list_of_one = f'master = "http://{lab.master.endpoint}"'
            named = f'{list_of_one}\ncredentials_file = "{root}/'
            with_controller(binary, root, "from-a-file", f'{named}right"', {},
                            functools.partial(takes_part, binary, root, lab))
            with_controller(binary, root, "from-the-environment", list_of_one,
                            {"ESAAS_MESOS_PRINCIPAL": "esaas", "ESAAS_MESOS_SECRET": RIGHT},
                            functools.partial(takes_part, binary, root, lab))
            with_controller(binary, root, "wrong-secret", f'{named}wrong"', {},
                            functools.partial(is_refused, "refuses the credentials of principal"))
            with_controller(binary, root, "none", list_of_one, {},
                            functools.partial(is_refused, "wants credentials (status 401), and none are configured"))
    except Unavailable as reason:
        print(f"skipped: {reason}")
        return SKIPPED
    finally:
        if os.environ.get("ESAAS_KEEP") != "1":
            shutil.rmtree(root, ignore_errors=True)
    print("passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
