import assert from "node:assert/strict";
import { loadTarget } from "../lib/targets.ts";

/** C that gives 0 if a kernel finds the sums of three runs, each as small as a half can be. */
interface Case {
  readonly files: readonly string[];
  readonly main: string;
}

/** Both halves of a word are −2¹⁵, so that the word is less than −2³¹. */
const word = "-128 * 65537";
const row = "127, 127, 2";
const columns: Case = {
  files: ["generic/minmax", "lanes/column_layer", "rv32/column_plane", "rv32/lane_columns2"],
  main: `int32_t x[9];
    int32_t sums[2 * INTNIC_COLUMN_SUMS];
    for (int i = 0; i < 9; i++) x[i] = ${word};
    int8_t w[9] = { 127, 127, 2, 127, 127, 2, 127, 127, 2 };
    intnic_lane_columns_1(x, 3, w, 3, 1, 1, sums);
    return sums[0] != 0 || sums[INTNIC_COLUMN_SUMS] != -3 * 32768;`,
};
const windows: Omit<Case, "files"> = {
  main: `int32_t x[3] = { ${word}, ${word}, ${word} };
    int8_t w[9] = { ${row}, ${row}, ${row} };
    int32_t sums[2];
    intnic_lane_windows(x, x, x, w, 1, 3, 0, 1, sums);
    return sums[0] != -3 * 32768 || sums[1] != -3 * 32768;`,
};
const plane: Omit<Case, "files"> = {
  main: `int32_t x[12];
    int32_t w[9] = { ${row}, ${row}, ${row} };
    for (int i = 0; i < 12; i++) x[i] = ${word};
    return intnic_plane_most(x, w, 0, 0, 0) != -3 * 32768;`,
};
const cases: Readonly<Record<string, Case>> = {
  "windows, lanes": { files: ["lanes/lane_windows"], ...windows },
  "windows, thumb1": { files: ["thumb1/lane_windows"], ...windows },
  "plane, lanes": { files: ["generic/minmax", "lanes/plane_rests", "lanes/plane_most"], ...plane },
  "plane, thumb1": {
    files: ["generic/minmax", "lanes/plane_rests", "thumb1/plane_most"],
    ...plane,
  },
  "columns, rv32": columns,
  "sums, rv32": {
    files: ["lanes/lane_rest", "rv32/lane_sums2"],
    main: `int32_t x[8];
    int8_t w[8] = { 64, 64, 64, 64, 64, 64, 64, 64 };
    uint16_t runs = 0x8000;
    struct intnic_lane_sums a, b;
    for (int i = 0; i < 8; i++) x[i] = ${word};
    intnic_start_lanes(&a, 0, 1);
    intnic_start_lanes(&b, 0, 1);
    intnic_add_lanes(x, w, &runs, 1, &a, &b);
    return a.high0 != -32768 || b.high1 != -32768 ||
        (int32_t)(a.both0 - ((uint32_t)a.high0 << 16)) != -32768;`,
  },
};

for (const [name, { files, main }] of Object.entries(cases)) {
  Deno.test(`no word of two sums overflows in C: ${name}`, async () => {
    const { compiler } = await loadTarget("host");
    const folder = await Deno.makeTempDir();
    try {
      const kernels = await Promise.all(
        ["generic/noinline", ...files].map((file) =>
          Deno.readTextFile(new URL(`../firmware/kernels/${file}.c`, import.meta.url))
        ),
      );
      const source = `#include <stdint.h>\n#define INTNIC_STRIDE 1\n${
        kernels.join("")
      }int main(void)\n{\n    ${main}\n}\n`;
      await Deno.writeTextFile(`${folder}/main.c`, source);
      // What overflows ends the program.
      const built = await new Deno.Command(compiler!.command, {
        args: ["-O0", "-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"]
          .concat("-o", `${folder}/main`, `${folder}/main.c`),
      }).output();
      assert.ok(built.success, new TextDecoder().decode(built.stderr));
      assert.equal((await new Deno.Command(`${folder}/main`).output()).code, 0);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
