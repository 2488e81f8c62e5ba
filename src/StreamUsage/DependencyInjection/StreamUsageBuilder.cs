using Microsoft.Extensions.DependencyInjection;

namespace StreamUsage.DependencyInjection;

internal sealed record StreamUsageBuilder(IServiceCollection Services, string Name) : IStreamUsageBuilder;
