using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.DependencyInjection;

/// <summary>The host resolves a sink once when it starts. A missing dependency fails there, not at the first
/// record.</summary>
public sealed class SinkCheckTests
{
    [Fact]
    public async Task A_sink_whose_dependency_is_missing_keeps_the_host_from_starting()
    {
        using IHost host = Build(builder => builder.Services.AddStreamUsage().AddSink<NeedySink>());

        (await host.Invoking(h => h.StartAsync(TestContext.Current.CancellationToken)).Should().ThrowAsync<InvalidOperationException>())
            .WithMessage($"The sink '{typeof(NeedySink)}' cannot be created: *'{typeof(Needed)}'*");
    }

    [Fact]
    public async Task A_sink_of_a_named_tracker_is_checked_too()
    {
        using IHost host = Build(builder =>
        {
            builder.Services.AddStreamUsage().AddSink(new RecordingSink());
            builder.Services.AddStreamUsage("own").AddSink<NeedySink>();
        });

        await host.Invoking(h => h.StartAsync(TestContext.Current.CancellationToken))
            .Should().ThrowAsync<InvalidOperationException>().WithMessage("*NeedySink*");
    }

    [Fact]
    public async Task A_sink_whose_constructor_throws_keeps_the_host_from_starting()
    {
        var fault = new IOException("no store");
        using IHost host = Build(builder =>
        {
            builder.Services.AddScoped<Needed>(_ => throw fault);
            builder.Services.AddStreamUsage().AddSink<NeedySink>();
        });

        (await host.Invoking(h => h.StartAsync(TestContext.Current.CancellationToken))
            .Should().ThrowAsync<InvalidOperationException>().WithMessage("*no store*"))
            .Which.InnerException.Should().BeSameAs(fault);
    }

    [Fact]
    public async Task A_sink_is_made_once_before_other_services_start_and_disposed_at_once()
    {
        var made = new List<Needed>();
        var service = new StartedService(() => made.Select(needed => needed.IsDisposed).ToArray());
        using IHost host = Build(builder =>
        {
            builder.Services.AddHostedService(_ => service);
            builder.Services.AddScoped(_ =>
            {
                made.Add(new Needed());
                return made[^1];
            });
            builder.Services.AddStreamUsage().AddSink<NeedySink>();
        });

        await host.StartAsync(TestContext.Current.CancellationToken);
        await host.StopAsync(TestContext.Current.CancellationToken);

        service.Seen.Should().Equal(true);
        made.Should().ContainSingle();
    }

    private static IHost Build(Action<HostApplicationBuilder> configure)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        configure(builder);
        return builder.Build();
    }

    private sealed class Needed : IAsyncDisposable
    {
        public bool IsDisposed { get; private set; }

        public ValueTask DisposeAsync()
        {
            IsDisposed = true;
            return ValueTask.CompletedTask;
        }
    }

    private sealed class NeedySink(Needed needed) : IUsageSink
    {
        public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken) =>
            needed.IsDisposed ? throw new ObjectDisposedException(nameof(Needed)) : ValueTask.CompletedTask;
    }

    /// <summary>Looks at something when it is started.</summary>
    private sealed class StartedService(Func<bool[]> look) : IHostedService
    {
        public bool[] Seen { get; private set; } = [];

        public Task StartAsync(CancellationToken cancellationToken)
        {
            Seen = look();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
