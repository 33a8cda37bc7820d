//! Modules that come with Python.

/// Names of the top modules of Python's standard library, of 3.8 to 3.14, in order; those that begin with an underscore are
/// told by that.
const STANDARD: [&str; 225] = [
    "abc", "aifc", "annotationlib", "antigravity", "argparse", "array", "ast", "asynchat", "asyncio",
    "asyncore", "atexit", "audioop", "base64", "bdb", "binascii", "binhex", "bisect", "builtins", "bz2",
    "cProfile", "calendar", "cgi", "cgitb", "chunk", "cmath", "cmd", "code", "codecs", "codeop", "collections",
    "colorsys", "compileall", "compression", "concurrent", "configparser", "contextlib", "contextvars", "copy",
    "copyreg", "crypt", "csv", "ctypes", "curses", "dataclasses", "datetime", "dbm", "decimal", "difflib",
    "dis", "distutils", "doctest", "dummy_threading", "email", "encodings", "ensurepip", "enum", "errno",
    "faulthandler", "fcntl", "filecmp", "fileinput", "fnmatch", "formatter", "fractions", "ftplib", "functools",
    "gc", "genericpath", "getopt", "getpass", "gettext", "glob", "graphlib", "grp", "gzip", "hashlib", "heapq",
    "hmac", "html", "http", "idlelib", "imaplib", "imghdr", "imp", "importlib", "inspect", "io", "ipaddress",
    "itertools", "json", "keyword", "lib2to3", "linecache", "locale", "logging", "lzma", "macpath", "mailbox",
    "mailcap", "marshal", "math", "mimetypes", "mmap", "modulefinder", "msilib", "msvcrt", "multiprocessing",
    "netrc", "nis", "nntplib", "nt", "ntpath", "nturl2path", "numbers", "opcode", "operator", "optparse", "os",
    "ossaudiodev", "parser", "pathlib", "pdb", "pickle", "pickletools", "pipes", "pkgutil", "platform",
    "plistlib", "poplib", "posix", "posixpath", "pprint", "profile", "pstats", "pty", "pwd", "py_compile",
    "pyclbr", "pydoc", "pydoc_data", "pyexpat", "queue", "quopri", "random", "re", "readline", "reprlib",
    "resource", "rlcompleter", "runpy", "sched", "secrets", "select", "selectors", "shelve", "shlex", "shutil",
    "signal", "site", "smtpd", "smtplib", "sndhdr", "socket", "socketserver", "spwd", "sqlite3", "sre_compile",
    "sre_constants", "sre_parse", "ssl", "stat", "statistics", "string", "stringprep", "struct", "subprocess",
    "sunau", "symbol", "symtable", "sys", "sysconfig", "syslog", "tabnanny", "tarfile", "telnetlib", "tempfile",
    "termios", "textwrap", "this", "threading", "time", "timeit", "tkinter", "token", "tokenize", "tomllib",
    "trace", "traceback", "tracemalloc", "tty", "turtle", "turtledemo", "types", "typing", "unicodedata",
    "unittest", "urllib", "uu", "uuid", "venv", "warnings", "wave", "weakref", "webbrowser", "winreg",
    "winsound", "wsgiref", "xdrlib", "xml", "xmlrpc", "zipapp", "zipfile", "zipimport", "zlib", "zoneinfo",
];

/// Whether the module that is first in this name comes with Python.
pub(super) fn is_standard(module: &str) -> bool {
    let first = module.split('.').next().unwrap_or_default();
    STANDARD.binary_search(&first).is_ok() || first.starts_with('_') && first != "__main__"
}

/// Builtin classes and exceptions that objects are made of.
const BUILTIN_CLASSES: [&str; 21] = [
    "bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "object", "property",
    "range", "set", "slice", "str", "super", "tuple", "type", "BaseException", "Exception", "memoryview",
];

/// Whether a class of this name is there without an import.
pub(super) fn is_builtin_class(name: &str) -> bool {
    BUILTIN_CLASSES.contains(&name) || BUILTIN_EXCEPTIONS.contains(&name)
}

const BUILTIN_EXCEPTIONS: [&str; 44] = [
    "ArithmeticError", "AssertionError", "AttributeError", "BlockingIOError", "BrokenPipeError", "BufferError",
    "ChildProcessError", "ConnectionAbortedError", "ConnectionError", "ConnectionRefusedError",
    "ConnectionResetError", "EOFError", "FileExistsError", "FileNotFoundError", "FloatingPointError",
    "GeneratorExit", "ImportError", "IndexError", "InterruptedError", "IsADirectoryError", "KeyError",
    "KeyboardInterrupt", "LookupError", "MemoryError", "ModuleNotFoundError", "NameError", "NotADirectoryError",
    "NotImplementedError", "OSError", "OverflowError", "PermissionError", "ProcessLookupError", "RecursionError",
    "ReferenceError", "RuntimeError", "StopAsyncIteration", "StopIteration", "SyntaxError", "SystemExit",
    "TimeoutError", "TypeError", "UnicodeDecodeError", "ValueError", "ZeroDivisionError",
];

/// Classes whose objects keep their state where only compiled code can read it, by the last part of their name.
const OPAQUE: [&str; 46] = [
    "Condition", "ContextVar", "Event", "Lock", "Match", "Pattern", "PyCapsule", "RLock", "Semaphore", "SSLContext",
    "SSLSocket", "Thread", "Struct", "async_generator", "builtin_function_or_method", "bufferedreader", "coroutine",
    "dict_items", "dict_itemiterator", "dict_keyiterator", "dict_keys", "dict_values", "dict_valueiterator",
    "enumerate", "filter", "function", "generator", "iterator", "list_iterator", "lock", "map", "method",
    "method_descriptor", "module", "partial", "reversed", "set_iterator", "socket", "tuple_iterator", "weakref",
    "wrapper_descriptor", "zip", "TextIOWrapper", "BufferedReader", "BufferedWriter", "FileIO",
];

/// Whether objects of the class cannot be made of their attributes.
pub(super) fn is_opaque(type_name: &str) -> bool {
    let last = type_name.rsplit('.').next().unwrap_or_default();
    let is_of_c = matches!(last, "datetime" | "date" | "time" | "timedelta" | "timezone" | "ZoneInfo" | "Decimal");
    is_of_c || OPAQUE.contains(&last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_modules_are_known() {
        assert!(STANDARD.is_sorted());
        assert!(is_standard("os") && is_standard("json.decoder") && is_standard("_thread"));
        assert!(!is_standard("shop.os") && !is_standard("__main__"));
    }
}
