"""Calls that read what no key can hold: the clock, the environment, files, chance, the network."""

__all__ = ["hidden_state"]

_NAMES = {
    "clock": """time.time time.time_ns time.localtime time.gmtime time.ctime time.strftime
        datetime.datetime.now datetime.datetime.utcnow datetime.datetime.today
        datetime.date.today pandas.Timestamp.now pandas.Timestamp.today pandas.Timestamp.utcnow
        uuid.uuid1""",
    "environment": """os.environ os.environb os.getenv os.getenvb os.getcwd os.uname os.cpu_count
        socket.gethostname platform.node getpass.getuser posix.getcwd posix.uname pathlib.Path.cwd
        pathlib.Path.home sys.argv sys.path sys.stdin builtins.input os.getlogin os.getpid
        posixpath.expandvars posixpath.expanduser ntpath.expandvars ntpath.expanduser
        os.path.expandvars os.path.expanduser
        multiprocessing.cpu_count sys.getrecursionlimit locale.getlocale locale.setlocale
        tempfile.gettempdir shutil.which""",
    "random": """os.urandom posix.urandom uuid.uuid4""",
    "dynamic": """builtins.eval builtins.exec builtins.compile builtins.__import__ builtins.globals
        importlib.import_module importlib.__import__ importlib.reload runpy.run_path
        runpy.run_module ctypes.CDLL sys.modules sys._getframe inspect.currentframe inspect.stack
        inspect.getmodule pkgutil.resolve_name pydoc.locate pickle.load pickle.loads
        _pickle.load _pickle.loads marshal.load marshal.loads cloudpickle.load cloudpickle.loads
        dill.load dill.loads joblib.load gc.get_objects""",
    "files": """os.listdir os.scandir os.walk glob.glob glob.iglob posix.listdir posix.scandir
        importlib.resources.files pkgutil.get_data importlib.resources.path
        os.path.getmtime os.path.getctime os.path.getatime genericpath.getmtime
        genericpath.getctime genericpath.getatime os.stat posix.stat""",
}
_KINDS = {name: kind for kind, names in _NAMES.items() for name in names.split()}

# They set what a library reads, such as its number of threads, and tell a node nothing.
_WRITES = {"os.environ.setdefault", "os.environ.update"}

_NETWORK = {"socket", "_socket", "requests", "httpx", "aiohttp", "urllib3", "ftplib", "smtplib"}
_NETWORK_MODULES = ("urllib.request.", "http.client.", "subprocess.")
_SHELL = {"os.system", "os.popen", "posix.system"}

# Reading these by a name that stands in the code; a path that comes in as an input is hashed.
_READERS = {
    "builtins.open",
    "io.open",
    "_io.open",
    "pathlib.Path",
    "pathlib._local.Path",
    "os.open",
    "numpy.load",
    "numpy.loadtxt",
    "numpy.genfromtxt",
    "numpy.fromfile",
    "numpy.memmap",
    "torch.load",
    "pyarrow.parquet.read_table",
    "pyarrow.parquet.ParquetFile",
    "pyarrow.memory_map",
    "pyarrow.dataset.dataset",
    "pyarrow.dataset",
    "sqlite3.connect",
    "_sqlite3.connect",
    "safetensors.safe_open",
    "safetensors.torch.load_file",
    "safetensors.numpy.load_file",
    "zipfile.ZipFile",
    *(f"xgboost.{home}{name}" for home in ("", "core.") for name in ("Booster", "DMatrix")),
    *(f"{home}.{name}" for home in ("os.path", "genericpath") for name in ("exists", "getsize")),
    *(f"{home}.{name}" for home in ("os.path", "genericpath") for name in ("isfile", "isdir")),
}

# They take a word for the present.
_MOMENTS = {
    *("pandas.Timestamp", "pandas.to_datetime", "pandas.DatetimeIndex", "numpy.datetime64"),
    *("pandas._libs.tslibs.timestamps.Timestamp", "pandas.core.tools.datetimes.to_datetime"),
    "pandas.core.indexes.datetimes.DatetimeIndex",
}

# The generators that numpy and random keep behind our back; making a seeded one is fine.
_MAKERS = {"default_rng", "Generator", "RandomState", "SeedSequence", "Random", "BitGenerator"}
_BITS = {"PCG64", "PCG64DXSM", "Philox", "MT19937", "SFC64"}


def hidden_state(name: str, argument: str) -> str | None:
    """Return the kind of hidden state that a library's name reads, or None.

    Parameters
    ----------
    name : str
        The full dotted name, as ``"time.time"``.
    argument : str
        What it is called with, as far as it can be told: ``"text"`` for a constant string,
        ``"now"`` for one that means the present,
        ``"none"`` for nothing.

    Examples
    --------
    >>> hidden_state("time.time", "none"), hidden_state("builtins.len", "")
    ('clock', None)
    """
    if name in _WRITES:
        return None
    if argument == "now":
        if name in _MOMENTS:
            return "clock"
        argument = "text"
    kind = _KINDS.get(name)
    if kind is not None:
        return kind
    head, _, rest = name.partition(".")
    if head in {"os", "datetime", "time", "sys"}:
        # `os.environ.get`, `os.environ["X"]`: what follows does not matter.
        kind = _KINDS.get(".".join(name.split(".")[:2]))
        if kind is not None:
            return kind
    if (head in _NETWORK and name != "socket.gethostname") or name in _SHELL:
        return "network"
    if name.startswith(_NETWORK_MODULES):
        return "network"
    if argument == "text" and (name in _READERS or _is_table_reader(head, rest)):
        return "files"
    if head == "secrets":
        return "random"
    if name.startswith("numpy.random.") or head == "random":
        return _chance(name.rpartition(".")[2], argument)
    return None


def _is_table_reader(head: str, rest: str) -> bool:
    return head in {"pandas", "polars"} and rest.rpartition(".")[2].startswith(("read_", "scan_"))


def _chance(last: str, argument: str) -> str | None:
    if last in _MAKERS | _BITS:
        return "random" if argument == "none" else None
    return None if last in {"random", "numpy"} and argument == "" else "random"
