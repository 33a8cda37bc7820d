//! The text of a generated test.

use reenact_model::Report;

use super::expression::{Argument, Expression};
use super::python::{Dotted, Name, prose, snake_case};
use super::scope::Scope;
use super::values::Uses;

/// What the test expects today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The last part of the exception's type: `KeyError`.
    pub type_name: String,
    /// The message with addresses as `0x...`; `None` where it was redacted or cut and cannot be compared.
    pub message: Option<String>,
    /// File and line of the deepest frame in the application's code: `shop/cart.py:31`.
    pub place: String,
}

/// What is said of the event at the top of the file.
pub(super) struct About {
    pub(super) event: String,
    pub(super) service: String,
    pub(super) env: Option<String>,
    pub(super) version: Option<String>,
    pub(super) commit: Option<String>,
    pub(super) seen: String,
    pub(super) function: String,
    pub(super) module: String,
}

impl About {
    pub(super) fn of(report: &Report, function: &str, module: &Dotted) -> Self {
        Self {
            event: report.id.to_string(),
            service: report.service.clone(),
            env: report.env.clone(),
            version: report.version.clone(),
            commit: report.commit.clone(),
            seen: report.timestamp.to_string(),
            function: function.to_owned(),
            module: module.to_string(),
        }
    }
}

pub(super) struct Program<'a> {
    pub(super) about: About,
    pub(super) expected: &'a Expected,
    pub(super) scope: Scope,
    pub(super) uses: Uses,
    /// What the body does, behind which its docstring says what it gives.
    pub(super) does: String,
    /// Comments on the inputs.
    pub(super) notes: Vec<String>,
    /// Statements that build the inputs.
    pub(super) statements: Vec<String>,
    /// What is in force while it runs: global variables that are set, the time that stands still.
    pub(super) contexts: Vec<Expression>,
    /// The call that raises.
    pub(super) call: Expression,
    /// How many last parts of a path tell the file.
    pub(super) path_parts: usize,
    /// Installed packages whose places count like those of the application.
    pub(super) own_packages: Vec<String>,
}

impl Program<'_> {
    /// The file's name.
    pub(super) fn file_name(&self) -> String {
        format!("test_{}_{}.py", snake_case(&self.about.function), snake_case(&self.expected.type_name))
    }

    pub(super) fn text(mut self) -> String {
        for module in ["asyncio", "inspect", "re", "traceback"] {
            self.scope.import_standard(module);
        }
        for (used, modules) in [
            (self.uses.class_named || self.uses.method_at, &["importlib"][..]),
            (self.uses.obj, &["types"]),
            (self.uses.statement, &["ast", "copy", "types"]),
            (self.uses.loaded, &["contextlib", "importlib", "sys"]),
            (self.uses.frozen_clock, &["contextlib", "datetime", "importlib", "types"]),
            (self.uses.environ_with, &["os"]),
            (self.contexts.len() > 1, &["contextlib"]),
        ] {
            if used {
                modules.iter().for_each(|module| self.scope.import_standard(module));
            }
        }
        let mut text = self.docstring();
        text.push_str(&format!("\n{}\n\n", self.scope.import_lines()));
        text.push_str(&self.body());
        text.push_str(&self.test());
        for helper in self.helpers() {
            text.push_str("\n\n");
            text.push_str(helper);
        }
        let tail = OUTCOME.replace("-1:", &format!("-{}:", self.path_parts));
        let tail = if self.own_packages.is_empty() {
            tail
        } else {
            let own = format!("/(site|dist)-packages/(?!({})[/.])", self.own_packages.join("|"));
            tail.replace(LIBRARIES, &format!("{own}|/lib(64)?/python3[^/]*/(?!(site|dist)-packages/)"))
        };
        text.push_str(&format!("\n\n{RAISED}\n\n{tail}"));
        text
    }

    fn docstring(&self) -> String {
        let about = &self.about;
        let optional = |before: &str, text: &Option<String>| {
            text.as_deref()
                .map(prose)
                .filter(|text| !text.is_empty())
                .map_or(String::new(), |text| format!("{before}{text}"))
        };
        format!(
            "\"\"\"{} in `{}` of {}.\n\nEvent {} of {}{}{}{}, seen {}.\nThe values are those that were captured: \
             read them before you run this, which calls real code with them.\n\"\"\"\n",
            or(&prose(&self.expected.type_name), "An exception"),
            prose(&about.function),
            about.module,
            about.event,
            or(&prose(&about.service), "a service without a name"),
            optional(" in ", &about.env),
            optional(", version ", &about.version),
            optional(", commit ", &about.commit),
            about.seen,
        )
    }

    fn body(&self) -> String {
        let mut body = format!(
            "def reproduce():\n    \"\"\"{}, and gives the exception that it raises.\"\"\"\n",
            self.does
        );
        for note in &self.notes {
            body.push_str(&format!("    # {}\n", note.trim_end()));
        }
        for statement in &self.statements {
            body.push_str(statement);
            body.push('\n');
        }
        let indent = if self.contexts.is_empty() { 4 } else { 8 };
        match self.contexts.as_slice() {
            [] => {}
            [only] => body.push_str(&(only.stated("with ", 4) + ":\n")),
            several => {
                body.push_str("    with contextlib.ExitStack() as stack:\n");
                for context in several {
                    let enter = Expression::Attribute(
                        Box::new(Expression::fixed("stack")),
                        Name::fixed("enter_context"),
                    );
                    let entered =
                        Expression::Call(Box::new(enter), vec![Argument::Positional(context.clone())]);
                    body.push_str(&(entered.stated("", 8) + "\n"));
                }
            }
        }
        body.push_str(&self.call.stated("return ", indent));
        body.push('\n');
        body
    }

    fn test(&self) -> String {
        let name = self.file_name();
        let name = name.trim_end_matches(".py");
        let mut test = format!("\n\ndef {name}():\n    error = reproduce()\n");
        if self.uses.stand_in {
            test.push_str("    assert USED == [], \"the code needs what was not captured\"\n");
        }
        test.push_str(
            "    # This is what happens today. When it is fixed, say here what should happen: `assert error is None`.\n",
        );
        let (type_name, place) =
            (Expression::text(&self.expected.type_name), Expression::text(&self.expected.place));
        let (expected, got) = match &self.expected.message {
            Some(message) => (vec![type_name, Expression::text(message), place], "outcome(error)"),
            None => (vec![type_name, place], "outcome(error)[::2]"),
        };
        if self.expected.message.is_none() {
            test.push_str("    # The message was redacted or cut, and is not compared.\n");
        }
        let expected = Expression::Tuple(expected).assigned(&super::python::Name::fixed("expected"));
        test.push_str(&format!("{expected}\n    assert {got} == expected\n"));
        test
    }

    fn helpers(&self) -> Vec<&'static str> {
        let uses = [
            (self.uses.obj, OBJ),
            (self.uses.class_named, CLASS_NAMED),
            (self.uses.stand_in, STAND_IN),
            (self.uses.spread, SPREAD),
            (self.uses.method_at, METHOD_AT),
            (self.uses.loaded, LOADED),
            (self.uses.frozen_clock, FROZEN_CLOCK),
            (self.uses.environ_with, ENVIRON_WITH),
            (self.uses.statement, STATEMENT),
        ];
        uses.into_iter().filter(|(used, _)| *used).map(|(_, helper)| helper).collect()
    }
}

/// Functions of ours that a smaller program may not need, with the names that it needs them by.
pub(super) const HELPERS: [(&[&str], &str); 3] =
    [(&["obj", "fill"], OBJ), (&["class_named"], CLASS_NAMED), (&["spread"], SPREAD)];

fn or<'a>(text: &'a str, instead: &'a str) -> &'a str {
    if text.is_empty() { instead } else { text }
}

const OBJ: &str = r#"def obj(cls, /, *content, **attributes):
    """An object of a class with these attributes; its own constructor does not run."""
    if issubclass(cls, tuple) and attributes:
        content, attributes = [[attributes[name] for name in cls._fields]], {}
    # SQLAlchemy makes the attributes of its classes when they are first looked at.
    getattr(getattr(cls, "__mapper__", None), "attrs", None)
    base = next(base for base in cls.__mro__ if isinstance(vars(base).get("__new__"), types.BuiltinFunctionType))
    made = base.__new__(cls, *content)
    for kind, add in ((list, list.extend), (dict, dict.update), (set, set.update)):
        if content and isinstance(made, kind):
            add(made, *content)
    return fill(made, **attributes)


def fill(made, /, **attributes):
    """Sets attributes without what the class does when they are set."""
    for name, value in attributes.items():
        owner = next((base for base in type(made).__mro__ if name in vars(base)), object)
        if isinstance(vars(owner).get(name), types.MemberDescriptorType) or not type(made).__dictoffset__:
            object.__setattr__(made, name, value)
        else:
            object.__getattribute__(made, "__dict__")[name] = value
    return made
"#;

const CLASS_NAMED: &str = r#"def class_named(name, module):
    """The class of this name: that of the module, else the only one that is loaded, or that is nearest to the module."""
    names = vars(importlib.import_module(module))
    found = names.get(name)
    if isinstance(found, type):
        return found
    todo, seen = [object], set()
    while todo:
        new = [cls for cls in type.__subclasses__(todo.pop()) if cls is not type and cls not in seen]
        seen.update(new)
        todo.extend(new)
    classes = [cls for cls in seen if cls.__qualname__ == name and not cls.__module__.startswith("_pytest.")]
    package = module.partition(".")[0]
    classes = [cls for cls in classes if cls.__module__.partition(".")[0] == package] or classes
    if len(classes) > 1:
        modules = [vars(value) for value in names.values() if inspect.ismodule(value)]
        bases = [base for cls in names.values() if isinstance(cls, type) for base in cls.__mro__]
        near = [cls for cls in classes if any(known.get(name) is cls for known in modules)]
        near = near or [cls for cls in classes if any(base.__module__ == cls.__module__ for base in bases)]
        classes = near or classes
    assert len(classes) == 1, f"{len(classes)} classes are called {name}: import the right one instead"
    return classes[0]
"#;

const STAND_IN: &str = r#"USED = []
OPERATIONS = "bool call contains enter aenter eq iter aiter next getitem setitem len add sub mul lt gt int str"


class StandIn:
    """Stands where an object cannot be made again: has what was captured of it, and complains of all other use."""

    def __init__(self, kind, /, **attributes):
        self.__dict__.update(attributes)
        self.__dict__["(kind)"] = kind

    def __getattr__(self, name):
        use = f"`{name}` of an object of `{self.__dict__.get('(kind)')}`, which was not captured"
        USED.append(use)
        raise AssertionError(f"the code needs {use}")


def _needs(name):
    return lambda self, *args, **kwargs: StandIn.__getattr__(self, name)


for _name in OPERATIONS.split():
    setattr(StandIn, f"__{_name}__", _needs(f"__{_name}__"))
StandIn.__hash__ = object.__hash__
"#;

const SPREAD: &str = r#"def spread(function, /, **values):
    """Values as the function takes them: `*args` and `**kwargs` one by one."""
    args, kwargs = [], {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name not in values:
            continue
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            args.append(values[parameter.name])
        elif parameter.kind == parameter.VAR_POSITIONAL:
            args.extend(values[parameter.name])
        elif parameter.kind == parameter.VAR_KEYWORD:
            kwargs.update(values[parameter.name])
        else:
            kwargs[parameter.name] = values[parameter.name]
    return args, kwargs
"#;

const METHOD_AT: &str = include_str!("method_at.py");
const LOADED: &str = include_str!("loaded.py");
const FROZEN_CLOCK: &str = include_str!("frozen_clock.py");
const ENVIRON_WITH: &str = include_str!("environ_with.py");
const STATEMENT: &str = include_str!("statement.py");

const RAISED: &str = r#"def raised(function, /, *args, **kwargs):
    """The exception that a call raises, None if it raises none; coroutines and generators run to their end."""
    if type(function).__name__ in ("property", "cached_property"):
        function = getattr(function, "fget", None) or function.func
    function = function if inspect.ismethod(function) else inspect.unwrap(function)
    try:
        result = function(*args, **kwargs)
        if inspect.iscoroutine(result):
            asyncio.run(result)
        elif inspect.isasyncgen(result):
            asyncio.run(exhausted(result))
        elif inspect.isgenerator(result):
            for _ in result:
                pass
    except (Exception, SystemExit) as error:  # noqa: BLE001
        return error
    return None


async def exhausted(generator):
    async for _ in generator:
        pass
"#;

/// Places that are not the application's, as `OUTCOME` has them.
const LIBRARIES: &str = "/(site|dist)-packages/|/lib(64)?/python3";

const OUTCOME: &str = r#"def outcome(error):
    """Type, message without addresses, and where the application's own code was when it was raised."""
    place, libraries = None, "/(site|dist)-packages/|/lib(64)?/python3"
    for frame, line in traceback.walk_tb(error.__traceback__ if error else None):
        file = frame.f_code.co_filename.replace("\\", "/")
        if not file.startswith("<") and file != __file__ and not re.search(libraries, file):
            place = "/".join(file.split("/")[-1:]) + f":{line}"
    return type(error).__name__, re.sub("0x[0-9a-fA-F]+", "0x...", str(error)), place


if __name__ == "__main__":
    print(*outcome(reproduce()), sep="\n")
"#;
