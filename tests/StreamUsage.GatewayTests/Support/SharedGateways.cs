using StreamUsage.Pricing;
using StreamUsage.Sqlite;

namespace StreamUsage.GatewayTests.Support;

/// <summary>A gateway that the tests of a class share. The first that asks for it starts it.</summary>
public abstract class SharedGateway : IAsyncDisposable
{
    private Task<GatewayProcess>? _gateway;

    public Task<GatewayProcess> GetAsync() => _gateway ??= StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_gateway is { IsCompletedSuccessfully: true })
        {
            await (await _gateway).DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    protected abstract Task<GatewayProcess> StartAsync();
}

/// <summary>A gateway with demo traffic.</summary>
public sealed class DemoGateway : SharedGateway
{
    protected override Task<GatewayProcess> StartAsync() => GatewayProcess.StartAsync(null, ("Gateway__Demo", "true"));
}

/// <summary>A gateway without traffic, whose store has 10,000 records.</summary>
public sealed class FullGateway : SharedGateway
{
    public const int Records = 10_000;
    public const int Users = 500;
    public const string HostileModel = "<img src=x onerror=alert(1)>";
    public const string HostileMessage = "<script>alert(2)</script>";

    protected override async Task<GatewayProcess> StartAsync()
    {
        string folder = Directory.CreateTempSubdirectory("gateway").FullName;
        var store = new SqliteUsageStore(Path.Combine(folder, "usage.db"));
        DateTimeOffset now = DateTimeOffset.UtcNow;
        foreach (UsageRecord[] batch in Enumerable.Range(0, Records).Select(i => Build(i, now)).Chunk(1_000))
        {
            await store.RecordBatchAsync(batch, CancellationToken.None);
        }

        return await GatewayProcess.StartAsync(folder, ("Gateway__Demo", "false"));
    }

    private static UsageRecord Build(int i, DateTimeOffset now)
    {
        bool failed = i % 20 == 0;
        var usage = new TokenUsage { InputTokens = 100 + i, OutputTokens = 10 };
        return new UsageRecord
        {
            Id = Guid.CreateVersion7(now),
            Context = new UsageContext { UserId = $"user {i % Users}", ApiKeyId = $"key {i % 1_000}", Provider = "openai" },
            ResponseModel = i % 4 == 0 ? HostileModel : $"model {i % 8}",
            Usage = usage,
            BilledUsage = usage,
            InputSource = TokenSource.Reported,
            OutputSource = TokenSource.Reported,
            Cost = new UsageCost { Total = 0.000001m * i },
            Status = failed ? UsageStatus.Failed : UsageStatus.Completed,
            Outcome = failed ? StreamOutcome.ProviderError : StreamOutcome.Completed,
            StatusCode = failed ? 529 : 200,
            ErrorMessage = failed ? HostileMessage : null,
            StartedAt = now.AddMilliseconds(-i),
            Duration = TimeSpan.FromSeconds(1),
        };
    }
}

/// <summary>A gateway without traffic and records.</summary>
public sealed class IdleGateway : SharedGateway
{
    protected override Task<GatewayProcess> StartAsync() => GatewayProcess.StartAsync(null, ("Gateway__Demo", "false"));
}
