/* Moves a page: computes every number anew from the formulas, and shows what does not hold.
   Everything that is shown is set as text, never as markup, but for the numbers put into formulas,
   which are digits. */
function live(root, model, shared) {
  const all = (what, inside = root) => [...inside.querySelectorAll(what)];
  const one = (what, inside = root) => inside.querySelector(what);
  const grouped = (x) => {
    if (typeof x !== "bigint") return `${grouped(x.n)}/${grouped(x.d)}`;
    return String(x).replace(/\B(?=(\d{3})+$)/g, ",").replace("-", "−");
  };
  const plain = (x) => String(x).replace("-", "−");
  const float = (x) => {
    if (typeof x === "bigint") return Number(x);
    const shift = 10n ** 18n;
    return Number((x.n * shift) / x.d) / 1e18;
  };

  /* The values, and what follows from them */

  let values = model.symbols.map((s) => BigInt(s.value));
  const first = values.slice();
  const ways = {};
  let memory, formulas;

  function begin() {
    memory = new Map();
    formulas = FORMULAS(values);
  }
  function at(number) {
    if (!memory.has(number)) {
      let value;
      try { value = formulas[number](); } catch (error) {
        if (!(error instanceof Unanswered || error instanceof RangeError)) throw error;
        value = null;
      }
      memory.set(number, value);
    }
    return memory.get(number);
  }

  const HOLDS = {
    AT_LEAST: (a, b) => !larger(b, a),
    EQUAL: (a, b) => a === b || (typeof a !== "bigint" && typeof b !== "bigint" && a.n === b.n && a.d === b.d),
    MULTIPLE_OF: (a, b) => (b === 0n ? a === 0n : floorDiv(a, b) * b === a),
  };
  function* copies(counts, before = []) {
    if (before.length === counts.length) { yield before; return; }
    const count = counts[before.length](...before);
    for (let i = 0n; i < count; i++) yield* copies(counts, [...before, i]);
  }
  function broken(need) {
    let many = 1n;
    if (need.counts.length === 1) many = need.counts[0]();
    if (many > BigInt(COPIES)) return null;
    for (const indices of copies(need.counts)) {
      const [left, right] = need.sides(...indices);
      if (!HOLDS[need.relation](left, right)) {
        const said = need.said(...indices).map((p) => (typeof p === "string" ? p : plain(p))).join("");
        const where = need.path ? `${need.path}: ` : "";
        return `${where}${said}${need.hint ? `; ${need.hint}` : ""} [${need.code}]`;
      }
    }
    return null;
  }
  function errors(at_values, net) {
    return NEEDS[net](at_values).map((need) => {
      try { return broken(need); } catch (error) {
        if (error instanceof Unanswered) return error.message;
        if (error instanceof RangeError) return "a number is too large to compute [too-large]";
        throw error;
      }
    });
  }

  /* What is shown */

  const moving = all("[data-x]").map((e) => [e, e.hasAttribute("data-plain")]);
  const bars = all("[data-part]").map((e) => [e, ...e.dataset.part.split(",").map(Number)]);
  for (const e of all("[data-m]")) e.innerHTML = model.shared[e.dataset.m];
  const puts = all(".put").map((e) => [e, e.innerHTML]);
  const table = new Map(model.symbols.map((s, i) => [s.shown, i]));
  const SYMBOL = /<msub>.*?<\/msub>|<mi>[^<]*<\/mi>/g;
  const alert = one(".broken"), glance = one(".glance");
  let problems = [];

  const SHORT = [[1e24, "Y"], [1e21, "Z"], [1e18, "E"], [1e15, "P"], [1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];
  const BINARY = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
  function short(x) {
    for (const [size, letter] of SHORT) if (x >= size) return `${+(x / size).toPrecision(3)} ${letter}`;
    return String(+x.toPrecision(4));
  }
  function about(x, unit) {
    if (unit !== "bytes") return x >= 1e5 ? `≈ ${short(x)}` : "";
    let i = 0;
    while (x >= 1024 && i < BINARY.length - 1) { x /= 1024; i++; }
    return i ? `≈ ${x.toFixed(2)} ${BINARY[i]}` : "";
  }

  function show() {
    begin();
    problems = NEEDS.map((_, net) => errors(values, net));
    const gone = problems.map((each) => each.find((p) => p !== null) ?? null);
    const none = gone.some((p) => p !== null);
    alert.hidden = !none;
    const many = NEEDS.length > 1;
    alert.textContent = gone.map((p, i) => (p ? (many ? `${model.titles[i]}: ` : "") + p : "")).filter(Boolean).join("\n");
    for (const [e, bare] of moving) {
      const value = none ? null : at(Number(e.dataset.x));
      e.textContent = value === null ? "–" : bare ? plain(value) : grouped(value);
    }
    for (const [e, part, whole] of bars) {
      const a = none ? null : at(part), b = none ? null : at(whole);
      e.setAttribute("width", a === null || !b ? 0 : (100 * float(a)) / float(b));
    }
    for (const e of all("[data-about]")) {
      const value = none ? null : at(Number(e.previousElementSibling.dataset.x));
      e.textContent = value === null ? "" : about(float(value), e.dataset.unit);
    }
    for (const e of all("[data-difference]")) {
      const [a, b] = all("[data-x]", e.parentElement).map((x) => (none ? null : at(Number(x.dataset.x))));
      const d = a == null || b == null ? null : add(b, times(-1n, a));
      e.textContent = d === null ? "–" : (above(d) > 0n ? "+" : "") + grouped(d);
    }
    for (const e of all("[data-need]")) {
      const [net, i] = e.dataset.need.split(",").map(Number);
      e.classList.toggle("not", problems[net][i] !== null);
      one("em", e).textContent = problems[net][i] ?? "";
    }
    put();
    if (glance) {
      const found = all(".totals tr[data-total]").slice(0, 2).map((row) =>
        `${one("th", row).firstChild.textContent.trim()} ${all("[data-x]", row).map((x) => x.textContent).join(" | ")}`);
      glance.textContent = none ? "does not exist at these numbers" : found.join(" · ");
    }
    later();
    remember();
  }

  /* Pictures are drawn once before they are seen, however often numbers move till then. */
  let waits = false;
  function later() {
    if (waits) return;
    waits = true;
    requestAnimationFrame(() => {
      waits = false;
      const none = problems.flat().some((p) => p !== null);
      map(none);
      plot();
      seen(none);
    });
  }

  function put() {
    const symbols = one('[data-do="symbols"]');
    const bare = symbols !== null && symbols.checked;
    root.classList.toggle("bare", bare);
    for (const [e, markup] of puts)
      e.innerHTML = bare ? markup : markup.replace(SYMBOL, (s) => (table.has(s) ? `<mn>${values[table.get(s)]}</mn>` : s));
  }

  /* Shapes */

  const NS = "http://www.w3.org/2000/svg";
  function draw(tag, attributes, inside) {
    const e = document.createElementNS(NS, tag);
    for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
    if (typeof inside === "string") e.textContent = inside;
    else for (const child of inside ?? []) e.append(child);
    return e;
  }

  /* A map of the cost: squarified (Bruls, Huizing and van Wijk, 2000) */

  function squares(items, x, y, w, h) {
    const found = [];
    const total = items.reduce((sum, item) => sum + item.size, 0);
    const scale = (w * h) / total;
    let rest = items.map((item) => ({ ...item, area: item.size * scale }));
    const worst = (row, side) => {
      const sum = row.reduce((s, r) => s + r.area, 0);
      return Math.max(...row.map((r) => Math.max((side * side * r.area) / (sum * sum), (sum * sum) / (side * side * r.area))));
    };
    while (rest.length) {
      const side = Math.min(w, h);
      let row = [rest[0]], i = 1;
      while (i < rest.length && worst([...row, rest[i]], side) <= worst(row, side)) row.push(rest[i++]);
      const sum = row.reduce((s, r) => s + r.area, 0), thick = sum / side;
      let along = 0;
      for (const r of row) {
        const length = r.area / thick;
        found.push(w >= h ? { ...r, x, y: y + along, w: thick, h: length } : { ...r, x: x + along, y, w: length, h: thick });
        along += length;
      }
      if (w >= h) { x += thick; w -= thick; } else { y += thick; h -= thick; }
      rest = rest.slice(i);
    }
    return found;
  }

  function map(none) {
    const which = Number(one('[data-do="map"]')?.value ?? 1), word = which === 1 ? "parameters" : "MACs";
    all(".map").forEach((box, net) => {
      box.replaceChildren();
      if (none) return;
      const items = model.parts[net]
        .map((part) => ({ path: part[0], exact: at(part[which]), size: 0 }))
        .map((item) => ({ ...item, size: item.exact === null ? 0 : float(item.exact) }))
        .filter((item) => item.size > 0 && Number.isFinite(item.size))
        .sort((a, b) => b.size - a.size);
      const total = items.reduce((sum, item) => sum + item.size, 0);
      const seenable = items.filter((item) => item.size > total / 1e6);
      const wide = Math.min(Math.max(box.clientWidth || 800, 280), 1000), high = 300;
      const drawn = squares(seenable, 0, 0, wide, high).map((s, i) => {
        const share = (100 * s.size) / total;
        const inside = [draw("title", {}, `${s.path}: ${grouped(s.exact)} ${word}, ${share.toFixed(1)}%`),
          draw("rect", { x: s.x + 1, y: s.y + 1, width: Math.max(s.w - 2, 0.5), height: Math.max(s.h - 2, 0.5), rx: 3, class: `tone${i % 6}` })];
        const name = s.path.split("/").slice(-2).join("/");
        if (s.w > 12 + 6.4 * name.length && s.h > 20) inside.push(draw("text", { x: s.x + 8, y: s.y + 18 }, name));
        if (s.w > 60 && s.h > 36) inside.push(draw("text", { x: s.x + 8, y: s.y + 33, class: "more" }, `${share.toFixed(1)}%`));
        return draw("g", {}, inside);
      });
      box.append(draw("svg", { viewBox: `0 0 ${wide} ${high}`, "aria-hidden": "true" }, drawn));
      const most = items.slice(0, 5).map((s) => `${s.path} ${((100 * s.size) / total).toFixed(1)}%`);
      box.setAttribute("aria-label", `${word}: ${most.join(", ")}`);
    });
  }

  /* A plot */

  function integer(text) {
    const digits = text.replace(/[\s,_]/g, "");
    return /^[0-9]{1,400}$/.test(digits) && !/^0*$/.test(digits) ? BigInt(digits) : null;
  }
  const field = (name) => one(`[data-plot="${name}"]`);
  function plot() {
    const box = one(".plot");
    if (!box) return;
    const s = field("s").selectedIndex, now = values[s];
    const low = integer(field("from").value) ?? 1n;
    let high = integer(field("to").value) ?? (now * 2n > 16n ? now * 2n : 16n);
    field("from").placeholder = "1";
    field("to").placeholder = String(high);
    if (high <= low) high = low + 1n;
    const y = field("y").value, x = field("x").selectedIndex ? field("x").value : "";
    const curves = model.titles.map((title, net) => ({
      title, net, y: model.totals.find((t) => t.words === y && t.of === net),
      x: x ? model.totals.find((t) => t.words === x && t.of === net) : null, points: [] }));
    const span = high - low, steps = span < 160n ? span : 160n;
    const sampled = new Set([...Array(Number(steps) + 1).keys()].map((i) => low + (span * BigInt(i)) / steps));
    if (now >= low && now <= high) sampled.add(now);
    const order = [...sampled].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    for (const v of order) {
      const there = values.slice();
      there[s] = v;
      const computed = FORMULAS(there);
      for (const curve of curves) {
        if (!curve.y || (x && !curve.x)) continue;
        let point = null;
        try {
          if (errors(there, curve.net).every((p) => p === null)) {
            const cy = float(computed[curve.y.formula]()), cx = x ? float(computed[curve.x.formula]()) : Number(v);
            if (Number.isFinite(cy) && Number.isFinite(cx)) point = { x: cx, y: cy, now: v === now };
          }
        } catch (error) { if (!(error instanceof Unanswered || error instanceof RangeError)) throw error; }
        curve.points.push(point);
      }
    }
    const known = curves.flatMap((c) => c.points).filter(Boolean);
    box.replaceChildren();
    const name = model.symbols[s].name;
    if (!known.length) { box.textContent = `The network exists at none of these ${name}.`; return; }
    const wide = Math.min(Math.max(box.clientWidth || 760, 280), 960), tall = 320, left = 76, bottom = 44, top = 12, right = 16;
    const xs = known.map((p) => p.x), maxY = Math.max(...known.map((p) => p.y)) || 1;
    const minX = Math.min(...xs), maxX = Math.max(...xs) === minX ? minX + 1 : Math.max(...xs);
    const px = (v) => left + ((v - minX) / (maxX - minX)) * (wide - left - right);
    const py = (v) => tall - bottom - (v / maxY) * (tall - bottom - top);
    const inside = [];
    for (let i = 0; i <= 4; i++) {
      const vy = (maxY * i) / 4;
      let vx = minX + ((maxX - minX) * i) / 4;
      if (!x) vx = Math.round(vx);
      inside.push(draw("line", { x1: left, x2: wide - right, y1: py(vy), y2: py(vy), class: "grid" }),
        draw("text", { x: left - 8, y: py(vy) + 4, "text-anchor": "end" }, short(vy)),
        draw("text", { x: px(vx), y: tall - bottom + 18, "text-anchor": i === 0 ? "start" : i === 4 ? "end" : "middle" }, short(vx)));
    }
    curves.forEach((curve, i) => {
      let path = "", pen = "M";
      for (const p of curve.points) {
        if (p) { path += `${pen}${px(p.x).toFixed(1)} ${py(p.y).toFixed(1)}`; pen = "L"; } else pen = "M";
      }
      inside.push(draw("path", { d: path, class: `curve curve${i}` }));
      for (const p of curve.points.filter((q) => q?.now))
        inside.push(draw("circle", { cx: px(p.x), cy: py(p.y), r: 5, class: `curve${i} now` }));
      if (curves.length > 1) inside.push(draw("text", { x: left + 8, y: top + 16 + 16 * i, class: `curve${i} key` }, curve.title));
    });
    inside.push(draw("text", { x: (left + wide - right) / 2, y: tall - 6, "text-anchor": "middle" }, x || name));
    box.append(draw("svg", { viewBox: `0 0 ${wide} ${tall}`, "aria-hidden": "true" }, inside));
    const ends = curves.map((c) => c.points.filter(Boolean)).filter((p) => p.length)
      .map((p) => `from ${short(p[0].y)} to ${short(p[p.length - 1].y)}`);
    box.setAttribute("aria-label", `${y} along ${name} from ${low} to ${high}: ${ends.join("; ")}`);
  }

  /* What one position sees of the input */

  function seen(none) {
    all(".seen").forEach((box) => {
      const net = all(".seen").indexOf(box);
      const layer = model.fields.filter((f) => f.length)[net][Number(one('[data-seen="layer"]', box).value)];
      const target = one(".field", box), said = one(".said", box);
      target.replaceChildren();
      said.textContent = "";
      one("[data-second]", box).hidden = layer.axes.length < 2;
      if (none) return;
      const axes = layer.axes.map((axis, i) => {
        const [size, stride, offset, input, output] = axis.map((n) => at(n));
        const last = output - 1n;
        const position = (last * BigInt(one(`[data-seen="${i}"]`, box).value)) / 1000n;
        return { size, input, position, start: add(offset, times(position, stride)) };
      });
      const [across, down] = axes.length > 1 ? [axes[1], axes[0]] : [axes[0], null];
      const part = (a) => ({ start: float(a.start), size: float(a.size), input: float(a.input) });
      const h = part(across), v = down ? part(down) : { start: 0, size: h.input / 12, input: h.input / 12 };
      const pad = h.input * 0.12, room = { x: -pad, y: -pad, w: h.input + 2 * pad, h: v.input + 2 * pad };
      const line = h.input / 300;
      target.append(draw("svg", { viewBox: `${room.x} ${room.y} ${room.w} ${room.h}`, "aria-hidden": "true" }, [
        draw("rect", { x: 0, y: 0, width: h.input, height: v.input, class: "ground", "stroke-width": line }),
        draw("rect", { x: h.start, y: v.start, width: h.size, height: v.size, class: "sight", "stroke-width": 2 * line }),
      ]));
      const words = axes.map((a) => `${grouped(a.size)} of ${grouped(a.input)}, from ${grouped(a.start)}`);
      const where = axes.map((a) => grouped(a.position)).join(", ");
      said.textContent = `Position ${where} after ${layer.path} sees ${words.join("; and ")}` +
        (axes.some((a) => float(a.start) < 0 || float(a.start) + float(a.size) > float(a.input)) ? "; what is outside is padding." : ".");
      target.setAttribute("aria-label", said.textContent);
    });
  }

  /* Sliders and fields */

  const sliders = all("[data-s]"), fields = all("[data-n]");
  const reach = first.map((v) => (v * 4n > 64n ? v * 4n : v < 12n ? 16n : 64n));
  const POSITIONS = 1000;
  const linear = (i) => reach[i] <= BigInt(POSITIONS);
  function fromSlider(i, position) {
    if (linear(i)) return BigInt(position);
    const value = Math.exp((position / POSITIONS) * Math.log(Number(reach[i])));
    return BigInt(Math.max(1, Math.round(value)));
  }
  function place(i) {
    const slider = sliders[i];
    slider.min = linear(i) ? 1 : 0;
    slider.max = linear(i) ? String(reach[i]) : POSITIONS;
    slider.value = linear(i) ? String(values[i] < reach[i] ? values[i] : reach[i])
      : Math.round((Math.log(Number(values[i])) / Math.log(Number(reach[i]))) * POSITIONS);
    slider.setAttribute("aria-valuetext", String(values[i]));
    if (document.activeElement !== fields[i]) fields[i].value = String(values[i]);
    fields[i].removeAttribute("aria-invalid");
  }
  function set(i, value) {
    values[i] = value;
    place(i);
    show();
  }
  sliders.forEach((slider, i) => slider.addEventListener("input", () => set(i, fromSlider(i, Number(slider.value)))));
  fields.forEach((input, i) => {
    input.addEventListener("input", () => {
      const value = integer(input.value);
      if (value === null) input.setAttribute("aria-invalid", "true");
      else set(i, value);
    });
    input.addEventListener("blur", () => place(i));
    input.addEventListener("keydown", (event) => {
      const step = { ArrowUp: 1n, ArrowDown: -1n, PageUp: 10n, PageDown: -10n }[event.key];
      if (!step) return;
      event.preventDefault();
      const value = values[i] + step;
      if (value >= 1n) { set(i, value); input.value = String(value); }
    });
  });
  const form = one("form");
  form?.addEventListener("submit", (event) => event.preventDefault());
  form?.addEventListener("reset", (event) => {
    event.preventDefault();
    values = first.slice();
    values.forEach((_, i) => place(i));
    show();
  });
  one('[data-do="symbols"]')?.addEventListener("change", put);
  for (const e of all('[data-do="map"], [data-plot], [data-seen]')) e.addEventListener("input", later);
  addEventListener("resize", later);
  for (const e of all(".drawing")) e.scrollLeft = (e.scrollWidth - e.clientWidth) / 2;
  function choose(select) {
    const row = select.closest("tr");
    for (const e of all("[data-ways]", row)) {
      const numbers = e.dataset.ways.split(" ");
      e.dataset.x = numbers[select.value] ?? numbers[0];
    }
    ways[select.dataset.count] = select.value;
  }
  for (const select of all("[data-count]")) select.addEventListener("change", () => { choose(select); show(); });

  /* The state in the address, light and dark, printing */

  let ready = false;
  function state() {
    const parts = model.symbols.map((s, i) => `${encodeURIComponent(s.name)}=${values[i]}`);
    for (const [name, way] of Object.entries(ways)) if (way !== "0") parts.push(`count.${name}=${way}`);
    if (root.dataset.theme) parts.push(`theme=${root.dataset.theme}`);
    return `#${parts.join("&")}`;
  }
  function remember() {
    const exact = Object.fromEntries(model.symbols.map((s, i) => [s.name, String(values[i])]));
    if (shared && ready && JSON.stringify(shared.get("exact")) !== JSON.stringify(exact)) {
      shared.set("exact", exact);
      shared.save_changes();
    } else if (!shared && ready) history.replaceState(null, "", state());
  }
  function recall() {
    if (!location.hash.includes("=")) return;
    for (const pair of location.hash.slice(1).split("&")) {
      const [name, text] = pair.split("=").map((part) => { try { return decodeURIComponent(part); } catch { return ""; } });
      const i = model.symbols.findIndex((s) => s.name === name), value = integer(text ?? "");
      if (i >= 0 && value !== null) values[i] = value;
      else if (name === "theme" && (text === "dark" || text === "light")) root.dataset.theme = text;
      else if (name.startsWith("count.")) {
        const select = all("[data-count]").find((e) => `count.${e.dataset.count}` === name);
        if (select && /^\d{1,3}$/.test(text) && Number(text) < select.options.length) { select.value = text; choose(select); }
      }
    }
  }
  const press = (name, does) => one(`[data-do="${name}"]`)?.addEventListener("click", does);
  press("theme", () => {
    const now = root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    root.dataset.theme = now === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = root.dataset.theme;
    remember();
  });
  press("print", () => print());
  press("link", async (event) => {
    const button = event.currentTarget, words = button.textContent;
    location.hash = state();
    try { await navigator.clipboard.writeText(location.href); button.textContent = "Copied"; }
    catch { button.textContent = "The link is in the address"; }
    setTimeout(() => { button.textContent = words; }, 1600);
  });
  if (shared) {
    const take = () => {
      const exact = shared.get("exact");
      model.symbols.forEach((s, i) => { values[i] = integer(exact[s.name] ?? "") ?? values[i]; });
    };
    take();
    shared.on("change:exact", () => { take(); values.forEach((_, i) => place(i)); show(); });
  } else {
    recall();
    if (root.dataset.theme) document.documentElement.dataset.theme = root.dataset.theme;
    addEventListener("hashchange", () => { recall(); values.forEach((_, i) => place(i)); show(); });
    addEventListener("beforeprint", () => all("details").forEach((e) => { e.open = true; }));
  }
  ready = true;
  values.forEach((_, i) => place(i));
  show();
}
