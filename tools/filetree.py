"""Write the file tree of README.md from what the files say about themselves.

    python -m tools.filetree            print the tree
    python -m tools.filetree --write    put it between the markers in README.md (`make tree`)

A folder's line is the title of its README after the colon; a module's line is the first sentence
of its docstring. Sources are listed module by module; tests, docs and their like by folder. It
refuses to invent a line: a folder or module that says nothing is an error.
"""

import argparse
import ast
import subprocess
import sys
from pathlib import Path, PurePosixPath

REPOSITORY = Path(__file__).resolve().parent.parent
START, END = "<!-- tree -->", "<!-- /tree -->"

MODULE_BY_MODULE = ("plugin", "engine", "federation", "gui", "benchmarks", "tools")
FOLDER_BY_FOLDER = ("tests", "docs")
COLUMN = 34
"""Where the words begin; a longer name pushes its own line only."""


class SilentError(Exception):
    """Files that do not say what they are for."""


def tracked_files(root: Path = REPOSITORY) -> list[PurePosixPath]:
    """Files of the repository: those git knows, and new ones that it does not ignore.

    Where the sources came without git (a downloaded archive), everything that looks like source.
    """
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        paths = {PurePosixPath(name) for name in listed.stdout.split("\0") if name}
    else:
        found = (PurePosixPath(path.relative_to(root)) for path in root.rglob("*"))
        paths = {path for path in found if not any(_is_output(part) for part in path.parts)}
    return sorted(path for path in paths if (root / path).is_file())


def _is_output(name: str) -> bool:
    """Whether a file or folder of this name is made by our commands, or hidden."""
    made = {"__pycache__", "build", "dist", "runs", "jam.mid", "jam.png"}
    return name.startswith(".") or name in made or name.endswith(".egg-info")


def module_line(path: Path) -> str:
    """First line of a module's docstring, without its full stop; "" where there is none."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0].removesuffix(".")


def folder_line(folder: Path) -> str:
    """What a folder's README says in its title: `# name: the words`; "" where there is none."""
    readme = folder / "README.md"
    title = readme.read_text(encoding="utf-8").partition("\n")[0] if readme.is_file() else ""
    return title.partition(": ")[2].strip().removesuffix(".")


def tree(root: Path = REPOSITORY) -> str:
    """The whole tree as text. Raises SilentError with the files that say nothing."""
    files = tracked_files(root)
    folders = sorted({parent for path in files for parent in path.parents if parent.name})
    lines: list[str] = []
    silent: list[str] = []

    def add(path: PurePosixPath, name: str, says: str) -> None:
        if not says:
            silent.append(str(path))
        lines.append(f"{'  ' * (len(path.parts) - 1)}{name}".ljust(COLUMN - 1) + f" {says}")

    def visit(folder: PurePosixPath, *, modules: bool) -> None:
        add(folder, f"{folder.name}/", folder_line(root / folder))
        for child in (path for path in folders if path.parent == folder):
            inside = [path for path in files if child in path.parents]
            if any(path.suffix in {".py", ".md"} for path in inside):
                visit(child, modules=modules)
        for path in (path for path in files if path.parent == folder and modules):
            if path.suffix == ".py" and path.name != "__init__.py":
                add(path, path.name, module_line(root / path))

    for name in MODULE_BY_MODULE + FOLDER_BY_FOLDER:
        folder = PurePosixPath(name)
        if folder in folders:
            visit(folder, modules=name in MODULE_BY_MODULE)
    if silent:
        raise SilentError(
            "these say nothing about themselves (a module: its docstring's first line; a folder: "
            "the title of its README, `# name: the words`): " + ", ".join(silent)
        )
    return "\n".join(line.rstrip() for line in lines)


def block(root: Path = REPOSITORY) -> str:
    """The tree as it stands in README.md, markers included."""
    return f"{START}\n```text\n{tree(root)}\n```\n{END}"


def current_block(readme: str) -> str:
    """The block that a README has now, markers included. Raises ValueError without markers."""
    if START not in readme or END not in readme:
        raise ValueError(f"README.md has no tree: put `{START}` and `{END}` where it belongs")
    return readme[readme.index(START) : readme.index(END) + len(END)]


def main() -> int:
    """Print the tree or write it; 1 with a sentence where it cannot be made."""
    parser = argparse.ArgumentParser(description="The file tree of README.md.")
    parser.add_argument("--write", action="store_true", help="put it into README.md")
    write = parser.parse_args().write
    readme = REPOSITORY / "README.md"
    try:
        if write:
            text = readme.read_text(encoding="utf-8")
            readme.write_text(text.replace(current_block(text), block()), encoding="utf-8")
        else:
            print(tree())
    except (SilentError, ValueError) as problem:
        print(f"filetree: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
