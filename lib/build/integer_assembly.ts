/**
 * The proof of `integer_only.ts` for the host, whose instructions have no decoder here: it is read in
 * the text that the compiler gives to the assembler, and of which the shared object is made.
 *
 * @module
 */

/**
 * Instructions named after single or double floats that only move bits or pick some of them.
 * Compilers take them for vectors of integers too.
 */
const MOVES = new RegExp(
  "^v?(mov\\w*|maskmov|compress|expand|broadcast|insert|extract|blendv?|blendm|shuf|unpck[lh]" +
    "|andn?|x?or)(ss|sd|ps|pd)$",
);

/** By machine, whether an instruction computes with floats, as GNU as and LLVM spell it. */
const FLOATS: Readonly<Record<string, (mnemonic: string) => boolean>> = {
  // Those on packed integers begin with p. The old unit's begin with f, those of 3DNow! with pf.
  "x86-64": (name) =>
    /^(f|pf|v?cvt)/.test(name) || /^v[^p]\w*(sh|ph)$/.test(name) ||
    !/^v?p/.test(name) && /(ss|sd|ps|pd)$/.test(name) && !MOVES.test(name),
  // FMOV moves bits between the two register files; BFI and its like are about bit fields.
  "aarch64": (name) => /^(f(?!mov$)|[su]cvtf|bf(cvt|dot|m[lm]))/.test(name),
};

/**
 * Every breach as a sentence with its line and function; none means that nothing in the text computes
 * with floats.
 *
 * @param machine as `Elf` names it
 */
export function checkIntegerAssembly(text: string, machine: string): string[] {
  const isFloat = FLOATS[machine];
  if (isFloat === undefined) {
    return [`The program is for ${machine}, whose instructions cannot be checked.`];
  }
  const breaches: string[] = [];
  let place = "";
  text.split("\n").forEach((line, i) => {
    place = /^([A-Za-z_][\w.]*):/.exec(line)?.[1] ?? place;
    // Text may hold anything.
    if (/^\s*\.(string|ascii|asciz)\b/.test(line)) return;
    // One line of inline assembly may hold several instructions, each behind prefixes.
    for (const statement of line.replace(/^[\w.$]+:/, "").split(";")) {
      const words = statement.trim().split(/\s+/);
      const mnemonic = words.find((word) =>
        !/^(\{\w+\}|rep\w*|lock|notrack|data16|cs)$/.test(word)
      );
      if (mnemonic === undefined || !/^[a-z]/.test(mnemonic) || !isFloat(mnemonic)) continue;
      breaches.push(
        `The floating-point instruction "${
          statement.trim().replace(/\s+/g, " ")
        }" stands in line ` +
          `${i + 1} of the assembly${place === "" ? "" : ` in ${place}`}.`,
      );
    }
  });
  return breaches;
}
