namespace StreamUsage.Accounting;

/// <summary>Adds token counts. A sum stops at <see cref="long.MaxValue"/>: an overflow would be a negative
/// bill.</summary>
internal static class TokenSum
{
    /// <summary>Returns the sum of two counts that are not negative.</summary>
    public static long Of(long left, long right) => (long)Math.Min((ulong)left + (ulong)right, long.MaxValue);
}
