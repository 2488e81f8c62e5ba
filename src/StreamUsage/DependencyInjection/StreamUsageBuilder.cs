using Microsoft.Extensions.DependencyInjection;

namespace StreamUsage.DependencyInjection;

/// <summary>Represents the builder of one tracker; the default tracker has an empty name.</summary>
internal sealed record StreamUsageBuilder(IServiceCollection Services, string Name) : IStreamUsageBuilder;
