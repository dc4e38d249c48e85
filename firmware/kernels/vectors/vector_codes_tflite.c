/* How a layer's results are stored: all in words, for all lanes alike. */
struct intnic_vector_output {
    int32_t offset; /* zero point */
    int32_t low;    /* range of the activation */
    int32_t high;
};

/*
 * Codes of one sum a lane, each times multiplier * 2^(shift - 31), rounded as TensorFlow Lite's
 * reference kernels round it: the product half towards +infinity, then, shifted right, half away
 * from zero.
 */
INTNIC_INLINE intnic_codes intnic_codes_of(intnic_words sums, intnic_ints multiplier,
                                           intnic_ints shift, const struct intnic_vector_output *output)
{
    intnic_ints right = -shift & (shift >> 31);
    intnic_words scaled = sums << (intnic_words)(shift + right);
    intnic_words doubled = (intnic_words)intnic_doubled_high((intnic_ints)scaled, multiplier,
                                                             1 << 30);
    intnic_words mask = ~(~(doubled - doubled) << (intnic_words)right);
    intnic_words above = (mask >> 1) + (doubled >> 31) - (doubled & mask);
    intnic_ints value = ((intnic_ints)doubled >> right) + (intnic_ints)(above >> 31);
    intnic_ints low = (intnic_ints){ 0 } + output->low;
    intnic_ints top = (intnic_ints){ 0 } + output->high;

    value += output->offset;
    value = intnic_min_lanes(intnic_max_lanes(value, low), top);
    return intnic_low_bytes(value);
}
