"""Runs a generated test for `reenact reproduce --run`, and writes down what it raised.

Denies the network, other processes, and writes outside its own temporary folder. This is a guard against accidents, and
no sandbox: code that means harm can get around it, as Python's documentation of audit hooks says.
"""

import ast
import importlib.util
import json
import os
import re
import sys
import traceback

DENIED = {
    "network": ("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"),
    "processes": ("subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile",
                  "os.kill", "os.killpg", "pty.spawn"),
    "writes": ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown",
               "os.utime", "os.setxattr", "os.removexattr", "shutil.move", "shutil.rmtree", "sqlite3.connect"),
}  # fmt: skip
EVENTS = {event: kind for kind, events in DENIED.items() for event in events}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def guard(folder, allowed, denied):
    """Denies what is not allowed from now on; each denial is added to the list."""
    inside = os.path.realpath(folder)

    def is_inside(path):
        if isinstance(path, int):
            return True
        path = os.path.realpath(os.fsdecode(path))
        return path == os.devnull or path == inside or path.startswith(inside + os.sep)

    def hook(event, arguments):
        kind = EVENTS.get(event)
        if event == "open":
            path, _, flags = arguments
            if not (isinstance(flags, int) and flags & WRITING) or is_inside(path):
                return
            kind = "writes"
        elif kind == "writes" and arguments and (arguments[0] == ":memory:" or is_inside(arguments[0])):
            return
        if kind is None or kind in allowed:
            return
        denied.append(event)
        raise PermissionError(f"{event} is denied: this test runs without {kind} (--allow {kind})")

    sys.addaudithook(hook)


def set_up_django(roots):
    """Sets Django up where it is used, with the settings of the environment, else those that `manage.py` names."""
    for root in roots:
        try:
            with open(os.path.join(root, "manage.py"), encoding="utf-8", errors="replace") as source:
                named = re.search(r"""DJANGO_SETTINGS_MODULE["'],\s*["']([\w.]+)["']""", source.read(100_000))
        except OSError:
            continue
        if named:
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", named[1])
    settings = os.environ.get("DJANGO_SETTINGS_MODULE")
    if not settings or not importlib.util.find_spec("django"):
        return None
    import django

    django.setup()
    return settings


def run(path):
    spec = importlib.util.spec_from_file_location("reproduction", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["reproduction"] = module
    spec.loader.exec_module(module)
    error = module.reproduce()
    raised = None
    if error is not None:
        name, message, place = module.outcome(error)
        raised = {"type": name, "message": message, "place": place}
    return {"raised": raised, "stand_ins_used": getattr(module, "USED", []), "module_not_found": module_not_found(error)}


def not_importable(path):
    """Names, with their modules, that the test imports and that are not there: classes that are made while a program runs."""
    with open(path, encoding="utf-8") as source:
        imports = [node for node in ast.parse(source.read()).body if isinstance(node, ast.ImportFrom)]
    missing = []
    for node in imports:
        try:
            there = vars(importlib.import_module(node.module))
        except BaseException:  # noqa: BLE001
            continue
        missing += [f"{node.module}.{name.name}" for name in node.names if name.name not in there]
    return missing


def module_not_found(error):
    """The module whose absence the error is about, None where it is about something else."""
    return error.name if isinstance(error, ModuleNotFoundError) else None


def main():
    test, result, folder, roots, allowed = sys.argv[1:]
    roots = roots.split(os.pathsep)
    sys.path[:1] = roots
    sys.argv = [test]
    denied = []
    with open(result, "w", encoding="utf-8", errors="backslashreplace") as out:
        guard(folder, allowed.split(","), denied)
        settings = None
        try:
            settings = set_up_django(roots)
            said = run(test)
        except BaseException as error:
            said = {"failed": traceback.format_exc(limit=-4), "module_not_found": module_not_found(error)}
            if type(error) is ImportError:
                said["not_importable"] = not_importable(test)
        said["django_settings"] = settings
        json.dump({**said, "denied": sorted(set(denied))}, out)
    # Threads that the application started do not keep the result waiting.
    sys.stdout.flush()
    os._exit(0)


main()
