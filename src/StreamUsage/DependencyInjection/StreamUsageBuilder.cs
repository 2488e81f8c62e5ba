using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace StreamUsage.DependencyInjection;

internal sealed class StreamUsageBuilder(IServiceCollection services, string name) : IStreamUsageBuilder
{
    public IServiceCollection Services => services;

    public string Name => name;

    public IStreamUsageBuilder AddSink<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TSink>()
        where TSink : class, IUsageSink
    {
        services.TryAddScoped<TSink>();
        services.AddSingleton(new SinkRegistration(
            name, static provider => new ScopedSink<TSink>(provider.GetRequiredService<IServiceScopeFactory>()), typeof(TSink)));
        return this;
    }

    public IStreamUsageBuilder AddSink(IUsageSink sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        services.AddSingleton(new SinkRegistration(name, _ => sink));
        return this;
    }
}
