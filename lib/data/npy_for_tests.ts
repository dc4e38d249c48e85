/** A `.npy` file. */
export function npy(
  type: string,
  shape: readonly number[],
  data: Uint8Array,
  { version = 1, fortran = false } = {},
): Uint8Array {
  const text =
    `{'descr': '${type}', 'fortran_order': ${fortran ? "True" : "False"}, 'shape': (${
      shape.map((d) => `${d},`).join(" ")
    }), }`.padEnd(117) + "\n";
  const begin = version === 1 ? 10 : 12;
  const bytes = new Uint8Array(begin + text.length + data.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0, text.length]);
  bytes.set(new TextEncoder().encode(text), begin);
  bytes.set(data, begin + text.length);
  return bytes;
}
