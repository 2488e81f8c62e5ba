using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace StreamUsage.Snippets;

internal static class DeliverySnippets
{
    public static void Function(IMessageBroker broker)
    {
        #region function sink
        var sink = new CallbackUsageSink((record, token) =>
            broker.PublishAsync(record.Id.ToString(), UsageRecordJson.ToUtf8Bytes(record), token));
        #endregion
    }

    public static void Container(WebApplicationBuilder builder, IMessageBroker broker)
    {
        #region delivery container
        var lastResort = new JsonLinesSink("undelivered.jsonl");
        builder.Services.AddStreamUsage(options => options.OnDeliveryFailed = lastResort.RecordAsync)
            .AddSink<UsageDbSink>()                                  // from a fresh scope for each call
            .AddSink(new JsonLinesSink("usage.jsonl"))               // an instance
            .AddSink((record, token) => broker.PublishAsync(record.Id.ToString(), UsageRecordJson.ToUtf8Bytes(record), token))
            .DeliverInBackground(background => background.Capacity = 50_000);
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
}
