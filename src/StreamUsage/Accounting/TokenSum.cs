namespace StreamUsage.Accounting;

/// <summary>Adds token counts. A sum past <see cref="long.MaxValue"/> stays there: a bill that wraps around would be
/// negative.</summary>
internal static class TokenSum
{
    /// <summary>Returns the sum of two counts, neither of which is negative.</summary>
    public static long Of(long left, long right) => (long)Math.Min((ulong)left + (ulong)right, long.MaxValue);
}
