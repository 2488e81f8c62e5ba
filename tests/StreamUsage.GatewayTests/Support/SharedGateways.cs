using StreamUsage.Pricing;
using StreamUsage.Sqlite;

namespace StreamUsage.GatewayTests.Support;

/// <summary>A gateway that the tests of a class share. The first that asks for it starts it.</summary>
public abstract class SharedGateway : IAsyncDisposable
{
    private Task<GatewayProcess>? _gateway;

    public Task<GatewayProcess> GetAsync() => _gateway ??= StartAsync();

    public virtual async ValueTask DisposeAsync()
    {
        if (_gateway is { IsCompletedSuccessfully: true })
        {
            await using GatewayProcess gateway = await _gateway;
            (await gateway.TerminateAsync()).Should().Be(0, "SIGTERM ends it cleanly; it said: {0}", gateway.Output);
        }

        GC.SuppressFinalize(this);
    }

    protected abstract Task<GatewayProcess> StartAsync();
}

/// <summary>A gateway with demo traffic, and the record of at least one complete answer.</summary>
public sealed class DemoGateway : SharedGateway
{
    protected override async Task<GatewayProcess> StartAsync()
    {
        GatewayProcess gateway = await GatewayProcess.StartAsync(demo: true);
        await gateway.UntilAsync(async () =>
            (await gateway.GetAsync("usage/records?status=Completed")).GetProperty("records").GetArrayLength() > 0);
        return gateway;
    }
}

/// <summary>A gateway without traffic, whose store has 10,000 records.</summary>
public sealed class FullGateway : SharedGateway
{
    public const int Records = 10_000;
    public const int Users = 500;
    // More digits than a double has.
    public const decimal ExactCost = 0.000000075000000000000000001m;
    public const string HostileModel = "<img src=x onerror=alert(1)>";
    public const string HostileMessage = "<script>alert(2)</script>";

    protected override async Task<GatewayProcess> StartAsync()
    {
        GatewayProcess gateway = await GatewayProcess.StartAsync();
        var store = new SqliteUsageStore(Path.Combine(gateway.Folder, "usage.db"));
        DateTimeOffset now = DateTimeOffset.UtcNow;
        foreach (UsageRecord[] batch in Enumerable.Range(0, Records).Select(i => Build(i, now)).Chunk(1_000))
        {
            await store.RecordBatchAsync(batch, CancellationToken.None);
        }

        return gateway;
    }

    private static UsageRecord Build(int i, DateTimeOffset now)
    {
        bool failed = i % 20 == 0;
        var usage = new TokenUsage { InputTokens = 100 + i, OutputTokens = 10 };
        return new UsageRecord
        {
            Id = Guid.CreateVersion7(now),
            Context = new UsageContext { UserId = $"user {i % Users}", ApiKeyId = $"key {i}", Provider = "openai" },
            ResponseModel = i % 4 == 0 ? HostileModel : $"model {i % 8}",
            Usage = usage,
            BilledUsage = usage,
            InputSource = TokenSource.Reported,
            OutputSource = TokenSource.Reported,
            Cost = new UsageCost { Total = ExactCost * i },
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
    protected override Task<GatewayProcess> StartAsync() => GatewayProcess.StartAsync();
}

/// <summary>A gateway without traffic, whose store has three records of the same noon.</summary>
public sealed class StoredGateway : SharedGateway
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    protected override async Task<GatewayProcess> StartAsync()
    {
        GatewayProcess gateway = await GatewayProcess.StartAsync();
        var store = new SqliteUsageStore(Path.Combine(gateway.Folder, "usage.db"));
        await store.RecordBatchAsync([Record("ann", "one"), Record("ann", "two"), Record("=bob", "one")], CancellationToken.None);
        return gateway;
    }

    private static UsageRecord Record(string user, string model) => new()
    {
        Id = Guid.CreateVersion7(),
        Context = new UsageContext { UserId = user, ApiKeyId = "key-1", Model = model },
        StartedAt = Noon,
        BilledUsage = new TokenUsage { InputTokens = 10, OutputTokens = 5 },
        Cost = new UsageCost { Total = 0.000000075m },
    };
}

/// <summary>A gateway for requests that it refuses: its upstream gets none of them. The key of bob has two dollars a
/// day.</summary>
public sealed class RefusingGateway : SharedGateway
{
    private Upstream? _upstream;

    internal Upstream Upstream => _upstream!;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_upstream is not null)
        {
            await _upstream.DisposeAsync();
        }
    }

    protected override async Task<GatewayProcess> StartAsync()
    {
        _upstream = await Upstream.StartAsync();
        return await GatewayProcess.StartAsync(upstream: _upstream.Address, settings: ("Gateway__Keys__1__DailyBudget", "2"));
    }
}
