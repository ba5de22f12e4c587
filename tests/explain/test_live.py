"""Pages whose numbers move, in Chromium: they compute what Python computes, and load nothing."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import archcalc as ac
from archcalc import families
from archcalc.errors import ArchcalcError, EvaluationError, SpecificationError, UnknownSymbolError
from archcalc.explain.live.markup import grouped
from archcalc.explain.live.quantities import Total, totals
from tests.chromium import CHROMIUM, Browser, Page, chromium
from tests.sampling import NIGHTLY, slow

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium")

EVIL = '</script><script>window.evil = 1</script><img src=x onerror="window.evil=2">'

NETWORKS = {
    "MNIST": lambda: "docs/examples/mnist_cnn.yaml",
    "MNIST with symbols": lambda: "docs/examples/mnist_symbols.yaml",
    "ResNet": lambda: families.resnet(depths=("n1", "n2", "n3", "n4"), width="c", classes="K"),
    "U-Net": families.unet,
}
if hasattr(families, "llama"):
    NETWORKS["Llama"] = families.llama


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def reports():
    made: dict[str, ac.explain.Report] = {}

    def of(name: str) -> ac.explain.Report:
        return made.setdefault(name, ac.report(NETWORKS[name]()))

    return of


def opened(browser: Browser, report, folder: Path, fragment: str = "") -> Page:
    report.save(folder / "report.html")
    return browser.page().open(folder / "report.html", fragment=fragment)


def is_quiet(page: Page) -> None:
    """Nothing went wrong, and nothing was asked for but the page itself."""
    assert page.complaints == []
    assert [url for url in page.requests if not url.startswith(("file:", "data:"))] == []
    assert len([url for url in page.requests if url.startswith("file:")]) == 1


SHOWN = """(hash) => {
  history.replaceState(null, "", hash);
  dispatchEvent(new HashChangeEvent("hashchange"));
  const alert = document.querySelector(".broken");
  return {
    totals: Object.fromEntries([...document.querySelectorAll(".totals tr[data-total]")].map(
      (row) => [row.dataset.total, row.querySelector("[data-x]").textContent])),
    error: alert.hidden ? "" : alert.textContent,
    red: [...document.querySelectorAll(".needs .not em")].map((e) => e.textContent),
  };
}"""


def settings(report, many: int) -> list[dict[str, int]]:
    """Random values of every symbol: small ones, usual ones, and some beyond what floats hold."""
    draw = random.Random(17)
    first = {s.name: n for s, n in report.values.items()}
    depths = {name for name in first if re.fullmatch(r"L|n\d", name)}
    found = [first]
    while len(found) < many:
        kind = draw.randrange(4)
        point = {}
        for name, n in first.items():
            if name in depths:
                point[name] = draw.randint(1, 6)
            elif name.startswith("k"):
                point[name] = draw.randint(1, 40 if kind == 0 else 9)
            elif kind == 0:
                point[name] = draw.randint(1, 40)
            elif kind == 1:
                point[name] = max(1, n * draw.randint(1, 8) // draw.choice([1, 2, 4]))
            else:
                point[name] = n * draw.choice([1, 2, 2**20, 2**60 + 2**22])
        found.append(point)
    return found


def expected(counted: list[Total], values: dict[str, int]) -> tuple[dict[str, str], str]:
    """What Python says: the totals, or the error."""
    shown: dict[str, str] = {}
    try:
        for total in counted:
            known = {n: values[n] for n in total.formula.known_symbols}
            shown[total.quantity.name] = grouped(ac.Formula(total.formula(**known))())
    except ArchcalcError as error:
        return {}, str(error)
    return shown, ""


@needs_chromium
@pytest.mark.parametrize("name", NETWORKS)
def test_twenty_settings_give_pythons_values_to_the_digit(name, browser, reports, tmp_path) -> None:
    report = reports(name)
    page = opened(browser, report, tmp_path)
    points = settings(report, 20)
    hashes = ["#" + "&".join(f"{n}={v}" for n, v in point.items()) for point in points]
    shown = page.run(f"{json.dumps(hashes)}.map({SHOWN})")
    counted = totals(report.traces[0])
    right = 0
    for point, there in zip(points, shown, strict=True):
        numbers, error = expected(counted, point)
        assert there["error"] == error, point
        if error:
            assert error in there["red"]
            assert set(there["totals"].values()) == {"–"}
        else:
            assert there["totals"] == numbers, point
            right += any(len(text) > 20 for text in numbers.values())
    assert right >= 3  # beyond 2**53
    is_quiet(page)


AXE = """axe.run({exclude: [["math"]]}, {resultTypes: ["violations"], preload: false}).then(
  (found) => found.violations.map((v) => [v.impact, v.id, v.nodes.slice(0, 3).map((n) => n.html)]))
"""


@slow
@needs_chromium
@pytest.mark.parametrize("name", NETWORKS if NIGHTLY else ["MNIST with symbols"])
def test_nothing_stands_in_the_way_of_a_screen_reader(name, browser, reports, tmp_path) -> None:
    axe = pytest.importorskip("axe_core_python")
    page = opened(browser, reports(name), tmp_path)
    page.run((Path(axe.__file__).parent / "axe.min.js").read_text("utf-8") + "; 0")
    for dark in (False, True) if NIGHTLY else (True,):
        page.look(width=1280, dark=dark)
        assert page.run(AXE) == []


@needs_chromium
def test_sliders_and_fields_move_every_number(browser, reports, tmp_path) -> None:
    page = opened(browser, reports("MNIST with symbols"), tmp_path)
    (trace,) = reports("MNIST with symbols").traces
    move = """(e, value) => { e.value = value; e.dispatchEvent(new Event("input")); }"""
    values = page.run(
        "(() => { const move = " + move + "; "
        "const [f, k, n] = document.querySelectorAll('[data-s]');"
        "move(f, 99); move(k, 5); move(n, 700);"
        "return [...document.querySelectorAll('[data-n]')].map(e => e.value).map(Number) })()"
    )  # fmt: skip
    at = dict(zip("fkn", values, strict=True))
    assert at["k"] == 5
    total = "document.querySelector('[data-total=parameters] [data-x]').textContent"
    assert page.run(total) == f"{trace.parameters(**at):,}"
    assert page.run("location.hash") == "#" + "&".join(f"{n}={v}" for n, v in at.items())
    big = 10**40 + 7
    page.run(f"({move})(document.querySelector('[data-n]'), '{big}')")
    assert page.run(total) == f"{trace.parameters(**{**at, 'f': big}):,}"
    dense = (
        "[...document.querySelectorAll('.layers tr')].find(r => r.textContent.startsWith('dense'))"
    )
    cells = page.run(f"[...({dense}).querySelectorAll('.r')].map(e => e.textContent)")
    assert cells[0] == f"{trace['dense'].applied and (12 * 12 * big + 1) * at['n']:,}"
    page.run(f"({move})(document.querySelector('[data-n]'), '-3')")
    assert page.run("document.querySelector('[data-n]').getAttribute('aria-invalid')") == "true"
    assert page.run(total) == f"{trace.parameters(**{**at, 'f': big}):,}"
    page.run("document.querySelector('[data-n]').dispatchEvent(new KeyboardEvent('keydown', "
             "{key: 'ArrowUp', cancelable: true}))")  # fmt: skip
    assert page.run(total) == f"{trace.parameters(**{**at, 'f': big + 1}):,}"
    page.run("document.querySelector('form').reset()")
    assert page.run("location.hash") == "#f=64&k=3&n=64"
    is_quiet(page)


@needs_chromium
def test_formulas_show_the_numbers_that_are_put_in(browser, reports, tmp_path) -> None:
    page = opened(browser, reports("MNIST with symbols"), tmp_path, "#f=7&k=5&n=11")
    rows = page.run("[...document.querySelectorAll('.entry tr')].map(r => r.innerText)")
    params = ["".join(row.split()) for row in rows if row.startswith("params")]
    assert params[0].endswith("=(5·5·1+1)·7=182")
    assert params[1].endswith(f"{(12 * 12 * 7 + 1) * 11:,}")
    page.run("document.querySelector('[data-do=symbols]').click()")
    bare = page.run("document.querySelector('.entry .put').textContent")
    assert "k" in bare


@needs_chromium
def test_conventions_are_switched_and_the_link_carries_it(browser, tmp_path) -> None:
    net = ac.Sequential([ac.LSTM("u")], input_shape=("t", 128))
    page = opened(browser, ac.report(net, u=128), tmp_path)
    page.run("(() => { const s = document.querySelector('[data-count=parameters]'); s.value = 1;"
             "s.dispatchEvent(new Event('change')) })()")  # fmt: skip
    total = "document.querySelector('[data-total=parameters] [data-x]').textContent"
    assert page.run(total) == "132,096"
    fragment = page.run("location.hash")
    assert fragment == "#t=128&u=128&count.parameters=1"
    again = opened(browser, ac.report(net, u=64), tmp_path, fragment)
    assert again.run(total) == "132,096"


@needs_chromium
def test_two_networks_side_by_side(browser, tmp_path) -> None:
    report = ac.report("docs/examples/mnist_cnn.yaml", "docs/examples/mnist_deeper.yaml",
                       f=32, k=3, n=100)  # fmt: skip
    page = opened(browser, report, tmp_path)
    row = page.run("[...document.querySelectorAll('[data-total=parameters] .r')]"
                   ".map(e => e.firstChild.textContent)")  # fmt: skip
    assert row == ["542,230", "179,926", "−362,304"]
    assert page.run("document.querySelectorAll('.drawing').length") == 2
    is_quiet(page)


@needs_chromium
def test_hostile_names_stay_text(browser, tmp_path) -> None:
    inner = ac.Sequential([ac.Dense("n", name="a{0}b"), ac.Dense(3, name=EVIL)], name=EVIL)
    conv = ac.Conv1D(3, "k", name=EVIL + "2")
    net = ac.Sequential([inner, conv], input_shape=(9, 4), name=EVIL)
    page = opened(browser, ac.report(net, net, titles=[EVIL, "b"], k=3, n=2), tmp_path, "#k=90")
    assert page.run("window.evil") is None
    assert page.run("document.querySelectorAll('img, script').length") == 1
    assert EVIL in page.run("document.querySelector('h1').textContent")
    assert "kernel 90 does not fit" in page.run("document.querySelector('.broken').textContent")
    is_quiet(page)


@needs_chromium
def test_nothing_runs_over_the_edge(browser, reports, tmp_path) -> None:
    page = opened(browser, reports("ResNet"), tmp_path)
    for width in (360, 800, 1400):
        page.look(width=width)
        assert page.run("document.documentElement.scrollWidth") <= width
        over = page.run("(e => e.scrollWidth - e.clientWidth)(document.querySelector('.wide'))")
        assert over < width / 8, f"formulas of totals are broken into lines, but {over} pixels"
        cut = page.run("[...document.querySelectorAll('.layers code')]"
                       ".filter(e => e.getClientRects().length > 1).length")  # fmt: skip
        assert cut == 0, "names of layers are not broken"
    page.look(width=400)
    page.run("new Promise(done => setTimeout(done, 300))")
    box = "document.querySelector('.plot svg')"
    assert page.run(f"{box}.viewBox.baseVal.width <= 1.05 * {box}.clientWidth"), "letters are small"


@needs_chromium
def test_plots_maps_and_fields_are_drawn(browser, reports, tmp_path) -> None:
    page = opened(browser, reports("MNIST with symbols"), tmp_path)
    page.run("new Promise(requestAnimationFrame)")
    label = "document.querySelector('{}').getAttribute('aria-label')"
    assert page.run(label.format(".plot")).startswith("parameters along f from 1 to 128")
    assert page.run(label.format(".map")).startswith("parameters: dense")
    assert "sees 3 of 28" in page.run(label.format(".field"))
    page.run("(() => { const s = document.querySelector('[data-plot=x]');"
             "s.value = 'MACs of a sample'; s.dispatchEvent(new Event('input')) })()")  # fmt: skip
    assert page.run("document.querySelectorAll('.plot path.curve').length") == 1
    assert page.run("document.querySelectorAll('.plot circle').length") == 1
    is_quiet(page)


STUB = """(() => {
  const state = {exact: %s}, heard = {}, model = {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; heard[`change:${name}`]?.(); },
    save_changes: () => { window.saved = structuredClone(state.exact); },
    on: (event, does) => { heard[event] = does; },
  };
  window.model = model;
  const code = encodeURIComponent(%s);
  return import(`data:text/javascript;charset=utf-8,${code}`).then(
    (module) => module.default.render({model, el: document.body}));
})()"""
"""The front end's side of anywidget's protocol: https://anywidget.dev/en/afm/"""


@needs_chromium
def test_a_widget_moves_with_what_it_shares(browser, tmp_path) -> None:
    shown = ac.widget("docs/examples/mnist_symbols.yaml", k=3, f=32, n=100)
    (tmp_path / "empty.html").write_text("<!DOCTYPE html><body></body>")
    page = browser.page().open(tmp_path / "empty.html")
    page.run(STUB % (json.dumps(shown.exact), json.dumps(shown._esm)))
    total = "document.querySelector('[data-total=parameters] [data-x]').textContent"
    assert page.run(total) == "542,230"
    page.run("(() => { const f = document.querySelector('[data-s]'); f.value = 1000;"
             "f.dispatchEvent(new Event('input')) })()")  # fmt: skip
    shown.exact = page.run("window.saved")
    assert shown.values["f"] > 32
    P = ac.load("docs/examples/mnist_symbols.yaml").trace().parameters
    assert page.run(total) == f"{P(**shown.values):,}"
    shown.values = {"n": 10**20}
    page.run(f"window.model.set('exact', {json.dumps(shown.exact)})")
    assert page.run(total) == f"{P(**shown.values):,}"
    is_quiet(page)


# What needs no browser


def test_resnet_152_is_a_small_page() -> None:
    net = families.resnet(depths=(3, 8, 36, 3), width=64, classes=1000)
    page = ac.report(net).to_html()
    assert len(page.encode()) < 300_000
    assert "60,192,808" in page


def test_a_page_allows_its_own_style_and_script_only() -> None:
    page = ac.report("docs/examples/mnist_symbols.yaml").to_html()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not re.search(r"https?://(?!www\.w3\.org/)", page)
    assert not re.search(
        r"<[a-z]+[^>]* (?:style=|on[a-z]+=|src=|href=[\"'][^#])", page.split("<script>")[0]
    )


def test_where_a_page_begins(tmp_path) -> None:
    page = ac.report("docs/examples/mnist_symbols.yaml", f=32, n=100)
    assert {s.name: n for s, n in page.values.items()} == {"f": 32, "k": 3, "n": 100}
    assert repr(page) == "<Report of mnist_symbols: save('report.html') writes it>"
    tall = ac.Sequential([ac.Conv2D(8, "k"), ac.Flatten()], input_shape=(5, 5, 1))
    assert {s.name: n for s, n in ac.report(tall).values.items()} == {"k": 3}
    far = ac.Sequential([ac.Dense("d - 90")], input_shape=4)
    assert min(ac.report(far).values.values()) > 90
    with pytest.raises(ArchcalcError, match="kernel 9 does not fit"):
        ac.report(tall, k=9)
    with pytest.raises(UnknownSymbolError):
        ac.report(tall, q=9)
    with pytest.raises(EvaluationError):
        ac.report(tall, k=0)
    with pytest.raises(SpecificationError, match="one or two networks"):
        ac.report()
    with pytest.raises(SpecificationError, match="cannot be written"):
        page.save(tmp_path / "no" / "report.html")
