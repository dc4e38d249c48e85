/**
 * A C program of many kinds of code: loops, conditions, a switch, 64-bit arithmetic, calls through
 * pointers. On Arm it leaves by semihosting, so that QEMU ends.
 */
export const PROGRAM = `
typedef unsigned long long u64;
signed char a[256], b[256];
short w[64];
volatile int out[16];
__attribute__((noinline)) int dot(int n) {
  int s = 0;
  for (int i = 0; i < n; i++) s += a[i] * b[i];
  return s;
}
__attribute__((noinline)) int clamp(int n) {
  int s = 0;
  for (int i = 0; i < n; i++) {
    int v = a[i] * 3 - b[i];
    if (v > 127) v = 127;
    if (v < -128) v = -128;
    s += v < 0 ? -v : v;
    if (s > 1000) s -= 77;
  }
  return s;
}
__attribute__((noinline)) int choose(int x) {
  switch (x % 7) {
    case 0: return dot(5);
    case 1: return x * 77;
    case 2: return clamp(9);
    case 3: return 9 - x;
    case 4: return x * x;
    case 5: return 12 / (x + 1);
    default: return (int)((long long)x * 123456789 >> 7);
  }
}
__attribute__((noinline)) u64 hash(unsigned n) {
  u64 h = 14695981039346656037ull;
  for (unsigned i = 0; i < n; i++) {
    h = (h ^ (unsigned char)a[i & 255]) * 1099511628211ull;
    if (h & 4) h += h / 7;
  }
  return h;
}
__attribute__((noinline)) void sort(int n) {
  for (int i = 1; i < n; i++) {
    short v = w[i];
    int j = i - 1;
    while (j >= 0 && w[j] > v) { w[j + 1] = w[j]; j--; }
    w[j + 1] = v;
  }
}
int (*const table[2])(int) = {dot, clamp};
int infer(int n) {
  int s = 0;
  for (int i = 0; i < 256; i++) { a[i] = i * 7; b[i] = i * 13; }
  for (int i = 0; i < 64; i++) w[i] = (short)(i * 7919);
  s += dot(n) + clamp(n);
  for (int i = 0; i < 20; i++) s += choose(i);
  s ^= (int)hash(n);
  sort(64);
  for (int i = 0; i < 4; i++) s += table[i & 1](i * 3);
  out[1] = s;
  return s;
}
int main(void) {
  infer(100);
#ifdef __arm__
  __asm volatile("movs r0, #0x18\\n ldr r1, =0x20026\\n bkpt 0xab" ::: "r0", "r1");
#endif
  for (;;);
}
`;
