namespace StreamUsage.Snippets;

/// <summary>The sink that the snippets name.</summary>
internal sealed class UsageDbSink : IUsageSink
{
    public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
