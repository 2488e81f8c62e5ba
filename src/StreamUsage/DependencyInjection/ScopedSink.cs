using Microsoft.Extensions.DependencyInjection;
using StreamUsage.Delivery;

namespace StreamUsage.DependencyInjection;

/// <summary>Represents a sink that is resolved from a new scope for each call.</summary>
internal sealed class ScopedSink<TSink>(IServiceScopeFactory scopes) : IUsageSink, INamedSink
    where TSink : class, IUsageSink
{
    public string SinkName => typeof(TSink).Name;

    public ValueTask StartedAsync(UsageStart start, CancellationToken cancellationToken) =>
        CallAsync(static (sink, start, token) => sink.StartedAsync(start, token), start, cancellationToken);

    public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken) =>
        CallAsync(static (sink, record, token) => sink.RecordAsync(record, token), record, cancellationToken);

    public ValueTask RecordBatchAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken) =>
        CallAsync(static (sink, records, token) => sink.RecordBatchAsync(records, token), records, cancellationToken);

    private async ValueTask CallAsync<T>(Func<TSink, T, CancellationToken, ValueTask> call, T argument, CancellationToken cancellationToken)
    {
        AsyncServiceScope scope = scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
        {
            TSink sink = scope.ServiceProvider.GetRequiredService<TSink>();
            await call(sink, argument, cancellationToken).ConfigureAwait(false);
        }
    }
}
