"""The areas of ./test: what each needs, how it runs, how its results are counted. Used by tests/runner.py."""
import glob
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
CPP = ["base", "config", "observe", "net", "storage", "rocksdb", "bayeux", "page", "resource", "cobrowse", "transport", "rest", "app"]


# The folders whose tests run threads; `test` builds exactly these for the preset tsan.
TSAN = ["net", "rocksdb", "bayeux", "transport", "rest"]


class Result:
    def __init__(self, passed=0, failed=0, skipped=(), output=""):
        self.passed, self.failed, self.skipped, self.output = passed, failed, list(skipped), output


def sh(args, timeout, env=None, cwd=ROOT):
    """Runs a command; (code, output). A command that outlives its deadline fails."""
    try:
        done = subprocess.run(args, cwd=cwd, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=timeout, text=True, errors="replace")
        return done.returncode, done.stdout
    except subprocess.TimeoutExpired as late:
        text = late.stdout or ""
        return 124, (text if isinstance(text, str) else text.decode(errors="replace")) + f"\ntimed out after {timeout} s"


def gtest(preset, name, timeout=300, env=None, before=()):
    """One gtest binary of a preset."""
    found = glob.glob(str(ROOT / f"build/{preset}/server/**/{name}_test"), recursive=True)
    if not found:
        return Result(failed=1, output=f"{name}_test was not built")
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        code, output = sh([*before, found[0], "--gtest_brief=1", f"--gtest_output=json:{report.name}"], timeout, env)
        try:
            data = json.loads(pathlib.Path(report.name).read_text())
        except ValueError:
            return Result(failed=1, output=output + f"\n{name}_test ended with code {code} and no report")
    failed = data["failures"] + data.get("errors", 0)
    skipped = [f"{s['name']}.{t['name']}" for s in data["testsuites"] for t in s["testsuite"] if t.get("result") == "SKIPPED"]
    passed = data["tests"] - failed - len(skipped) - data.get("disabled", 0)
    if code != 0 and failed == 0:
        failed = 1  # a sanitizer's report, or a crash after the last test
    return Result(passed, failed, skipped, output)


def cpp(preset):
    def run(_options):
        total = Result()
        env = {"ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1", "UBSAN_OPTIONS": "print_stacktrace=1"}
        for name in CPP:
            add(total, gtest(preset, name, env=env if preset == "asan" else None), name)
        return total
    return run


def tsan(_options):
    total = Result()
    env = {"TSAN_OPTIONS": f"suppressions={ROOT}/tests/tsan-suppressions:second_deadlock_stack=1"}
    # GCC 12's runtime can't cope with as much randomness of addresses as newer kernels are set to.
    before = ["setarch", "-R"] if sh(["setarch", "-R", "true"], 10)[0] == 0 else []
    for name in TSAN:
        add(total, gtest("tsan", name, timeout=600, env=env, before=before), name)
    return total


def add(total, part, title):
    total.passed += part.passed
    total.failed += part.failed
    total.skipped += part.skipped
    if part.failed:
        total.output += f"--- {title}\n{part.output}\n"


def vitest(config, cwd, timeout, files=(), env=None):
    def run(_options):
        with tempfile.NamedTemporaryFile(suffix=".json") as report:
            code, output = sh(["npx", "vitest", "run", "--config", str(config), "--reporter=default", "--reporter=json",
                               f"--outputFile.json={report.name}", *files], timeout, cwd=cwd, env=env)
            try:
                data = json.loads(pathlib.Path(report.name).read_text())
            except ValueError:
                return Result(failed=1, output=output)
        skipped = [t["fullName"] for f in data["testResults"] for t in f["assertionResults"] if t["status"] in ("pending", "skipped", "todo")]
        failed = data["numFailedTests"]
        if code != 0 and failed == 0:
            failed = max(1, data.get("numFailedTestSuites", 0))
        return Result(data["numPassedTests"], failed, skipped, output)
    return run


def interop_controls(options):
    """The scenarios of the stock clients against the control servers."""
    total = Result()
    for server in ("cometd", "faye"):
        scenarios = vitest(ROOT / "tests/interop/vitest.config.ts", ROOT / "tests", 600, ["cometd.test.ts", "faye.test.ts"],
                           {"TWINPANE_INTEROP_SERVER": server})
        add(total, scenarios(options), server)
    return total


def checks(_options):
    """Each check counts as one test."""
    total = Result()
    listed = ["git", "ls-files", "server/**.cpp", "server/**.hpp", "server/*/*.cpp", "server/*/*.hpp", "fuzz/*.cpp", "fuzz/*.hpp"]
    sources = sorted(set(subprocess.run(listed, cwd=ROOT, capture_output=True, text=True).stdout.split()))
    for title, args, cwd in [
        ("layers", ["tools/check-layers"], ROOT),
        ("error catalogue", ["tools/gen-errors", "--check"], ROOT),
        ("own words only", ["tools/check-words"], ROOT),
        ("configuration table", ["tools/gen-config-doc", "--check"], ROOT),
        ("clang-format", ["clang-format-22", "--dry-run", "--Werror", *sources], ROOT),
        ("eslint", ["npx", "eslint", "packages", "--max-warnings=0"], ROOT / "web"),
        *[(f"types of {p.name}", ["npx", "tsc", "-p", str(p / "tsconfig.json")], ROOT / "web")
          for p in sorted((ROOT / "web/packages").iterdir()) if (p / "tsconfig.json").exists() and any(p.rglob("*.ts"))],
        ("types of tests", ["npx", "tsc", "-p", str(ROOT / "tests/tsconfig.json")], ROOT / "web"),
        ("types of bench", ["npx", "tsc", "-p", str(ROOT / "bench/tsconfig.json")], ROOT / "web"),
    ]:
        code, output = sh(args, 300, cwd=cwd)
        add(total, Result(1, 0) if code == 0 else Result(0, 1, (), output), title)
    return total


def counted(args, timeout, long_timeout=None):
    """A program whose last line is 'N passed, N failed[, N skipped]'. With `long_timeout` it takes --long."""
    def run(options):
        more = long_timeout is not None and options.long
        code, output = sh([*args, *(["--long"] if more else [])], long_timeout if more else timeout)
        m = None
        for m in re.finditer(r"(\d+) passed, (\d+) failed", output):
            pass
        if not m:
            return Result(failed=1, output=output)
        failed = int(m[2]) or (1 if code else 0)
        return Result(int(m[1]), failed, (), output)
    return run


def corpora(_options):
    """Every fuzz target over its corpus, under the sanitizers; each input counts as one test."""
    total = Result()
    env = {"ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1", "UBSAN_OPTIONS": "print_stacktrace=1"}
    for target in re.findall(r"^twinpane_fuzz\(NAME (\w+)", (ROOT / "fuzz/CMakeLists.txt").read_text(), re.MULTILINE):
        folder = ROOT / "fuzz/corpus" / target
        inputs = sum(1 for entry in folder.iterdir() if entry.is_file())
        code, output = sh([str(ROOT / f"build/asan/fuzz/replay_{target}"), str(folder)], 300, env)
        ran = output.endswith(f"{inputs} inputs\n") and inputs > 0
        add(total, Result(inputs, 0) if code == 0 and ran else Result(0, 1, (), output[-8000:]), target)
    return total


class Area:
    def __init__(self, name, doc, run, needs=(), long=False):
        self.name, self.doc, self.run, self.needs, self.long = name, doc, run, needs, long


WEB = ROOT / "web"
E2E = ROOT / "tests/e2e/vitest.config.mts"
AREAS = [
    Area("checks", "layers, formats, types, lint, generated files", checks, ["tools", "npm"]),
    Area("cpp", "C++ unit tests", cpp("dev"), ["dev"]),
    Area("asan", "the same under address and undefined-behaviour sanitizers", cpp("asan"), ["asan"]),
    Area("tsan", "those that run threads under the thread sanitizer", tsan, ["tsan"]),
    Area("web", "TypeScript unit tests, in Node and in Chromium", vitest(WEB / "vitest.config.ts", WEB, 900), ["npm", "chromium"]),
    Area("interop", "stock cometd and faye clients, in Node and in Chromium, against the server",
         vitest(ROOT / "tests/interop/vitest.config.ts", ROOT / "tests", 300), ["dev", "npm", "chromium"]),
    Area("conformance", "Bayeux conformance: our cases against the server", counted(["tests/conformance/bayeux/against", "twinpane"], 300), ["dev", "npm"]),
    Area("controls", "the same cases against CometD's and Faye's servers, to prove the cases",
         counted(["tests/conformance/bayeux/against", "cometd", "faye"], 600), ["npm", "java"]),
    Area("websocket", "WebSocket conformance (Autobahn cases, by kosoku); all sizes and speeds with --long",
         counted(["tests/conformance/websocket"], 360, long_timeout=4000), ["dev"]),
    Area("proxies", "request smuggling behind nginx and HAProxy", counted(["tests/conformance/proxies"], 300), ["dev", "proxies"]),
    Area("fuzz", "corpora of the fuzz targets, replayed under the sanitizers", corpora, ["asan"]),
    Area("serve", "the program as an operator meets it: run, config, supervisor, restart, bad input",
         vitest(E2E, ROOT / "tests", 600, ["serve"]), ["release", "npm", "web"]),
    Area("e2e", "whole sessions in two Chromiums", vitest(E2E, ROOT / "tests", 900, ["session", "screens"]), ["release", "npm", "web", "chromium"]),
    Area("fidelity", "what the agent sees on real sites, compared", vitest(E2E, ROOT / "tests", 900, ["fidelity"]), ["release", "npm", "web", "chromium"]),
    Area("churn", "100,000 connections that come and go, half of them cut in mid-handshake",
         lambda _options: gtest("dev", "transport", 900, {"GTEST_FILTER": "Attack.Churn*", "TWINPANE_CHURN": "100000"}), ["dev"]),
    Area("interop-controls", "the scenarios of interop against CometD's and Faye's servers, to prove the scenarios", interop_controls, ["npm", "java"], long=True),
    Area("mutants", "seeded defects that the tests must notice", counted(["tests/mutants"], 7200), ["dev", "npm", "web", "chromium"], long=True),
]


def find(names):
    known = {a.name: a for a in AREAS}
    unknown = [n for n in names if n not in known]
    if unknown:
        sys.exit(f"No such area: {' '.join(unknown)}. ./test --list names them.")
    return [known[n] for n in names]
