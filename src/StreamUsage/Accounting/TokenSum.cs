namespace StreamUsage.Accounting;

/// <summary>Adds token counts. A sum stops at <see cref="long.MaxValue"/>: an overflow would be a negative
/// bill.</summary>
internal static class TokenSum
{
    public static long Of(long left, long right) => (long)Math.Min((ulong)left + (ulong)right, long.MaxValue);
}
