using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using StreamUsage.Sqlite;

namespace StreamUsage.Snippets;

internal static class OutboxSnippets
{
    public static void Add(IHostApplicationBuilder builder)
    {
        #region outbox
        builder.Services.AddStreamUsage()
            .AddSink<UsageDbSink>()
            .AddSqliteOutbox("/var/lib/gateway/outbox.db");
        #endregion
    }

    public static async Task<IReadOnlyList<UsageSum>> SumAsync()
    {
        #region sums
        var store = new SqliteUsageStore("usage.db");
        IReadOnlyList<UsageSum> sums = await store.SumAsync(new UsageQuery
        {
            From = new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero),
            GroupBy = UsageGrouping.Day | UsageGrouping.User | UsageGrouping.Model,
        });
        #endregion
        return sums;
    }
}
