/* How a layer's results are stored: all in words, for all lanes alike. */
struct intnic_vector_output {
    int32_t offset; /* 2 * zero point + 1 */
    int32_t low;    /* range of the activation */
    int32_t high;
};

/*
 * Codes of one sum a lane, each times multiplier * 2^-(33 + shift), rounded once, half towards
 * +infinity: the last bit shifted out is kept until the half and the zero point have been added.
 */
INTNIC_INLINE intnic_codes intnic_codes_of(intnic_words sums, intnic_ints multiplier,
                                           intnic_ints shift, const struct intnic_vector_output *output)
{
    intnic_ints product = intnic_doubled_high((intnic_ints)sums, multiplier, 0) >> 1;
    intnic_ints value = ((product >> shift) + output->offset) >> 1;
    intnic_ints low = (intnic_ints){ 0 } + output->low;
    intnic_ints high = (intnic_ints){ 0 } + output->high;

    value = intnic_min_lanes(intnic_max_lanes(value, low), high);
    return intnic_low_bytes(value);
}
