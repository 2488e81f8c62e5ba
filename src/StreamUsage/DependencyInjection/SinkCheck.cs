using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace StreamUsage.DependencyInjection;

/// <summary>Resolves each scoped sink once when the host starts, so that a missing dependency fails early.</summary>
internal sealed class SinkCheck(IEnumerable<SinkRegistration> sinks, IServiceScopeFactory scopes) : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        foreach (SinkRegistration sink in sinks)
        {
            if (sink.ScopedType is { } type)
            {
                await ResolveAsync(type).ConfigureAwait(false);
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async ValueTask ResolveAsync(Type type)
    {
        AsyncServiceScope scope = scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
        {
            try
            {
                scope.ServiceProvider.GetRequiredService(type);
            }
            catch (Exception fault)
            {
                throw new InvalidOperationException($"The sink '{type}' cannot be created: {fault.Message}", fault);
            }
        }
    }
}
