/* The lowest of the numbers of 21 bits, each with its sign, that are added up in a word. */
static inline int32_t intnic_part(int64_t word)
{
    return (int32_t)((int64_t)((uint64_t)word << 43) >> 43);
}

/* The word without its lowest number. */
static inline int64_t intnic_parts_above(int64_t word)
{
    return (word - intnic_part(word)) >> 21;
}
