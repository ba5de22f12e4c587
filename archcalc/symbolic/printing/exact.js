/* Exact arithmetic for printed formulas.  A whole number is a BigInt; what is not whole is a
   fraction {n, d} in lowest terms with d > 1n.  Symbols are BigInts, as large as one likes. */
const POWER_BITS = 1000000, SUMMED = 20000;

class Unanswered extends Error {}

const shorten = (text) => (text.length > 40 ? text.slice(0, 39) + "…" : text);
const shown = (x) => shorten(typeof x === "bigint" ? String(x) : `(${x.n}/${x.d})`);

function gcd(a, b) {
  a = a < 0n ? -a : a;
  b = b < 0n ? -b : b;
  while (b) [a, b] = [b, a % b];
  return a;
}

const above = (x) => (typeof x === "bigint" ? x : x.n);
const under = (x) => (typeof x === "bigint" ? 1n : x.d);

function lowest(n, d) {
  if (d === 0n) throw new Unanswered("1 cannot be divided by zero [zero-divisor]");
  const shared = d < 0n ? -gcd(n, d) : gcd(n, d);
  return d === shared ? n / d : { n: n / shared, d: d / shared };
}

const add = (...parts) =>
  parts.reduce((a, b) =>
    lowest(above(a) * under(b) + above(b) * under(a), under(a) * under(b)));
const times = (...parts) =>
  parts.reduce((a, b) => lowest(above(a) * above(b), under(a) * under(b)));
const quotient = (a, b) => lowest(above(a) * under(b), under(a) * above(b));
const larger = (a, b) => above(a) * under(b) > above(b) * under(a);
const max = (...parts) => parts.reduce((a, b) => (larger(b, a) ? b : a));
const min = (...parts) => parts.reduce((a, b) => (larger(a, b) ? b : a));

function floorDiv(a, b) {
  if (above(b) === 0n) throw new Unanswered(`${shown(a)} cannot be divided by zero [zero-divisor]`);
  let n = above(a) * under(b), d = under(a) * above(b);
  if (d < 0n) [n, d] = [-n, -d];
  const rest = n % d;
  return (n - (rest < 0n ? rest + d : rest)) / d;
}

const bits = (x) => x.toString(2).length - (x < 0n ? 1 : 0);

function power(base, exponent) {
  if (typeof exponent !== "bigint")
    throw new Unanswered(`the exponent ${exponent.n}/${exponent.d} is not a whole number [bad-value]`);
  const n = above(base), d = under(base), times = exponent < 0n ? -exponent : exponent;
  const one = d === 1n && (n === 1n || n === -1n);
  const size = one ? 0 : Math.max(n ? bits(n) : 0, bits(d));
  if (times * BigInt(size) > BigInt(POWER_BITS))
    throw new Unanswered(
      `${shown(base)}^${shown(exponent)} is too large to compute; use smaller values [too-large]`);
  if (exponent >= 0n) return lowest(n ** times, d ** times);
  if (n === 0n) throw new Unanswered("1 cannot be divided by zero [zero-divisor]");
  return lowest(d ** times, n ** times);
}

function total(count, term) {
  if (typeof count !== "bigint" || count > BigInt(SUMMED))
    throw new Unanswered(
      `a sum of ${shown(count)} terms cannot be computed; ` +
      `a whole number of terms, ${SUMMED.toLocaleString("en")} at most, can be [too-large]`);
  let sum = 0n;
  for (let i = 0n; i < count; i++) sum = add(sum, term(i));
  return sum;
}
