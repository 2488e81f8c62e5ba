using System.Runtime.CompilerServices;

namespace StreamUsage.PassThrough;

/// <summary>Remembers which responses are tracked, and by whom: middleware may have put a content of its own around the
/// tracked one, or in its place.</summary>
internal static class TrackedResponses
{
    private static readonly ConditionalWeakTable<HttpResponseMessage, UsageTracking[]> Table = [];

    /// <summary>Returns the handles of a response, the latest first; empty where it is not tracked.</summary>
    public static ReadOnlySpan<UsageTracking> Find(HttpResponseMessage response) =>
        Table.TryGetValue(response, out UsageTracking[]? trackings) ? trackings : [];

    /// <summary>A response is tracked. Not for two threads at once, as setting its content is not.</summary>
    public static void Add(HttpResponseMessage response, UsageTracking tracking) =>
        Table.AddOrUpdate(response, [tracking, .. Find(response)]);
}
