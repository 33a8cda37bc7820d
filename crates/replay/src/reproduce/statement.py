def statement(module, line, function):
    """The statement on a line of a function, with the variables there as its arguments.

    It is read from the module's file and keeps the file's name and lines, so that tracebacks lead there.
    """
    file, tree = inspect.getsourcefile(module), ast.parse(inspect.getsource(module))
    scope, owner = scope_at(tree, line, function)
    future = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]

    def compiled(nodes):
        whole = ast.fix_missing_locations(ast.Module([*future, *nodes], []))
        return compile(whole, file, "exec", dont_inherit=True)

    def run(**variables):
        if isinstance(scope, (ast.Module, ast.ClassDef)):
            return exec(compiled(statements_at(scope, line)), {**vars(module), **variables})  # noqa: S102
        made = function_of(scope, line, function, variables)
        names = [function]
        if owner:
            # Names that begin with two underscores are those of the class.
            outer = ast.parse("class C: pass").body[0]
            outer.name, outer.body, names, made = owner.name, [made], [owner.name, function], outer
        code = compiled([made])
        for name in names:
            code = next(part for part in code.co_consts if inspect.iscode(part) and part.co_name == name)
        # `super()` looks for the class in a cell.
        first = next(iter(variables.values()), None)
        lineage = first.__mro__ if isinstance(first, type) else type(first).__mro__
        cls = next((cls for cls in lineage if owner and cls.__name__ == owner.name), None)
        cells = tuple(types.CellType(cls) for _ in code.co_freevars)
        return types.FunctionType(code, vars(module), function, None, cells)(**variables)

    return run


def scope_at(tree, line, function):
    """The innermost function of this name around a line, and the class that it is in."""
    kinds = {"<lambda>": ast.Lambda, "<genexpr>": ast.GeneratorExp, "<listcomp>": ast.ListComp}
    kinds.update({"<setcomp>": ast.SetComp, "<dictcomp>": ast.DictComp, "<module>": ast.Module})
    kind = kinds.get(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    found, todo = None, [(tree, None)]
    while todo:
        node, owner = todo.pop()
        if isinstance(node, kind) and getattr(node, "name", function) == function and is_around(node, line):
            found = node, owner
        owner = node if isinstance(node, ast.ClassDef) else owner
        todo.extend((child, owner) for child in ast.iter_child_nodes(node))
    assert found, f"no `{function}` stands around line {line}"
    return found


def is_around(node, line):
    lines = [part.lineno for part in [node, *getattr(node, "decorator_list", [])] if hasattr(part, "lineno")]
    return not lines or min(lines) <= line <= node.end_lineno


BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


def statements_at(scope, line):
    """The innermost statements on a line, with nothing in their blocks."""
    found, todo = [], list(scope.body)
    while todo:
        inner = [node for node in todo if isinstance(node, ast.stmt) and is_around(node, line)]
        found = inner or found
        # Handlers and cases, of which some have no lines, are no statements.
        around = [node for node in todo if node in inner or not isinstance(node, ast.stmt)]
        around = [node for node in around if not hasattr(node, "decorator_list")]
        todo = [child for node in around for block in BLOCKS for child in getattr(node, block, [])]
    return [part for node in copy.deepcopy(found) for part in header_parts(node, line)]


def header_parts(node, line):
    """What of a statement stands before its blocks."""
    if hasattr(node, "handlers"):
        kinds = [handler.type for handler in node.handlers if handler.type and is_around(handler.type, line)]
        return [ast.copy_location(ast.Expr(kind), kind) for kind in kinds]
    if hasattr(node, "decorator_list"):
        return [node]
    if isinstance(node, ast.While):
        node = ast.copy_location(ast.If(node.test, node.body, []), node)
    for block in [node, *getattr(node, "cases", [])]:
        if hasattr(block, "body"):
            block.body, block.orelse = [ast.copy_location(ast.Pass(), node)], []
    return [node]


def function_of(scope, line, function, variables):
    """The function with only the statement to run, and its variables as arguments."""
    if isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef)):
        # Behind `return` the rest tells which names are variables, and whether it is a generator.
        body = [*statements_at(scope, line), ast.Return(None), *copy.deepcopy(scope.body)]
    elif isinstance(scope, ast.Lambda):
        body = [ast.copy_location(ast.Return(scope.body), scope.body)]
    else:
        made = [scope.key, scope.value] if isinstance(scope, ast.DictComp) else [scope.elt]
        loops = [loop.iter for loop in scope.generators[1:]] + [test for loop in scope.generators for test in loop.ifs]
        made = [part for part in loops + made if is_around(part, line)] or made
        body = [ast.copy_location(ast.Expr(part), part) for part in made]
    waits = not hasattr(scope, "decorator_list") and any(isinstance(node, ast.Await) for node in ast.walk(scope))
    is_async = isinstance(scope, ast.AsyncFunctionDef) or waits
    [made] = ast.parse("async def f(): pass" if is_async else "def f(): pass").body
    made.name, made.body = function, body
    made.args.args = [ast.arg(name, None) for name in variables]
    return ast.copy_location(Declared().visit(made), scope)


class Declared(ast.NodeTransformer):
    """Takes `nonlocal` away: these variables are arguments."""

    def visit_Nonlocal(self, node):
        return ast.copy_location(ast.Pass(), node)
