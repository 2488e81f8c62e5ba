using System.Runtime.CompilerServices;

namespace StreamUsage.PassThrough;

/// <summary>Stores the handles of tracked responses, because middleware may wrap or replace a tracked
/// content.</summary>
internal static class TrackingHandles
{
    private static readonly ConditionalWeakTable<HttpResponseMessage, UsageTracking> Table = [];

    /// <summary>Returns the handle of a response, the latest if trackers with other sinks track it too; null if it is
    /// not tracked.</summary>
    public static UsageTracking? Find(HttpResponseMessage response) =>
        Table.TryGetValue(response, out UsageTracking? tracking) ? tracking : null;

    /// <summary>Adds a handle. Not thread-safe for one response, just as setting its content is not.</summary>
    public static void Add(HttpResponseMessage response, UsageTracking tracking) => Table.AddOrUpdate(response, tracking);
}
