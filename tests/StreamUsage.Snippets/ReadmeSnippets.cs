using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using StreamUsage.Sqlite;

namespace StreamUsage.Snippets;

internal static class ReadmeSnippets
{
    public static void Container(WebApplicationBuilder builder)
    {
        #region container
        builder.Services.AddStreamUsage(options => options.RequestStreamUsage = true)
            .AddSink<UsageDbSink>()                           // your IUsageSink
            .AddSqliteOutbox("/var/lib/gateway/outbox.db");   // on a disk that outlives the process
        builder.Services.AddHttpClient("models").AddUsageTracking();
        #endregion
    }
}
