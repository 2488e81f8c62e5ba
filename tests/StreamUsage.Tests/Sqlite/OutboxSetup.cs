using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using StreamUsage.Sqlite;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Sqlite;

/// <summary>Represents a process with an outbox, in a folder of its own.</summary>
internal sealed class OutboxSetup : IAsyncDisposable
{
    private static readonly UsageContext Context = new() { Model = "claude-sonnet-4-5" };

    private readonly ServiceProvider _provider;

    public OutboxSetup(string path, TestSink sink, Action<StreamUsageOptions>? configure = null, int capacity = 1000)
    {
        var services = new ServiceCollection();
        services.AddLogging().AddSingleton<ILoggerFactory>(Log);
        services.AddStreamUsage(options =>
        {
            options.ShutdownGracePeriod = TimeSpan.Zero;
            options.RetryDelay = TimeSpan.FromMilliseconds(10);
            options.MaxDeliveryAttempts = 1;
            configure?.Invoke(options);
        }).AddSink(sink).AddSqliteOutbox(path, outbox =>
        {
            outbox.AdoptionInterval = TimeSpan.FromMilliseconds(50);
            outbox.StoreTimeout = TimeSpan.FromMinutes(5);
        }).DeliverInBackground(background =>
        {
            background.ShutdownTimeout = TimeSpan.FromMilliseconds(500);
            background.FullQueueTimeout = TimeSpan.FromMilliseconds(10);
            background.Capacity = capacity;
            background.MaxBatchSize = Math.Min(capacity, 100);
        });
        services.AddHealthChecks().AddStreamUsage();
        _provider = services.BuildServiceProvider();
        Tracker = _provider.GetRequiredService<UsageTracker>();
    }

    public UsageTracker Tracker { get; }

    public RecordingLog Log { get; } = new();

    /// <summary>Reads a whole answer, and returns its handle.</summary>
    public UsageTracking Read(string requestId)
    {
        using Stream stream = Open(requestId, Answers.ClaudeBytes, out UsageTracking tracking);
        stream.CopyTo(Stream.Null);
        return tracking;
    }

    public Stream Open(string requestId, byte[] answer, out UsageTracking tracking, int? httpStatus = null) =>
        Tracker.Track(
            new MemoryStream(answer),
            Context with { RequestId = requestId },
            out tracking,
            new TrackedResponse { StatusCode = httpStatus });

    public Task<HealthReport> CheckHealthAsync() => _provider.GetRequiredService<HealthCheckService>().CheckHealthAsync();

    public async ValueTask DisposeAsync() => await _provider.DisposeAsync();
}
