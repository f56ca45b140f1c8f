import subprocess
import sys


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infra.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_help_lists_the_commands_and_imports_nothing_heavy() -> None:
    code = "import sys, infra.cli; print(sorted({'torch', 'feast', 'prefect', 'bentoml'} & set(sys.modules)))"
    listed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240, check=True)
    assert listed.stdout.strip() == "[]"
    assert "doctor" in run("--help").stdout


def test_what_serves_needs_no_pytorch_and_what_starts_it_no_library_of_models() -> None:
    heavy = {"torch", "xgboost", "scipy", "sklearn", "authlib"}
    code = f"import sys, serving.service; print(sorted({heavy} & set(sys.modules)))"
    served = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240, check=True)
    assert served.stdout.strip() == "[]"


def test_an_error_is_one_line_without_a_traceback() -> None:
    broken = run("features", "/nowhere/events.parquet", "--out", "/nowhere/out.parquet")
    assert broken.returncode == 1
    assert "Traceback" not in broken.stderr
    assert broken.stderr.startswith("neural-focus: ") and broken.stderr.count("\n") == 1


def test_the_extension_is_where_the_command_says() -> None:
    from pathlib import Path

    said = run("extension")
    folder = Path(said.stdout.splitlines()[1].strip())
    assert said.returncode == 0 and (folder / "manifest.json").is_file()
    assert "chrome://extensions" in said.stdout and "/pair" in said.stdout
