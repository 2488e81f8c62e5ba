namespace StreamUsage.Benchmarks.Workloads;

/// <summary>What a reader must find: tokens in disjoint buckets, and the UTF-16 units of all that the model
/// wrote.</summary>
internal readonly record struct Totals(
    long InputTokens, long CacheReadTokens, long CacheCreationTokens, long OutputTokens, long Characters);
