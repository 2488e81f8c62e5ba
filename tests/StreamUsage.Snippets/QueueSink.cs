namespace StreamUsage.Snippets;

#region queue sink
internal sealed class QueueSink(IMessageQueue queue) : IUsageSink
{
    public async ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken) =>
        await queue.PublishAsync(record.Id.ToString(), UsageRecordJson.ToUtf8Bytes(record), cancellationToken);
}
#endregion
