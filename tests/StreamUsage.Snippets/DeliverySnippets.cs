using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace StreamUsage.Snippets;

internal static class DeliverySnippets
{
    public static void Container(WebApplicationBuilder builder, IMessageQueue queue)
    {
        #region delivery container
        builder.Services.AddStreamUsage(options => options.OnDeliveryFailed = SaveElsewhereAsync)
            .AddSink<UsageDbSink>()                                  // from a fresh scope for each call
            .AddSink(new JsonLinesSink("usage.jsonl"))               // an instance
            .AddSink((record, token) => queue.PublishAsync(record.Id.ToString(), UsageRecordJson.ToUtf8Bytes(record), token))
            .DeliverInBackground(queue => queue.Capacity = 50_000);
        #endregion
    }

    public static void JsonLines()
    {
        #region json lines
        using var sink = new JsonLinesSink("usage.jsonl", new JsonLinesSinkOptions { MaxFileBytes = 1 << 30, MaxArchivedFiles = 30 });
        #endregion
    }

    public static void Json(UsageRecord record)
    {
        #region json
        byte[] json = UsageRecordJson.ToUtf8Bytes(record);
        UsageRecord read = UsageRecordJson.Read(json);
        #endregion
    }

    private static ValueTask SaveElsewhereAsync(UsageRecord record, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
