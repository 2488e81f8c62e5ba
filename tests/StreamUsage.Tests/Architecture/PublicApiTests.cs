namespace StreamUsage.Tests.Architecture;

/// <summary>What users may name: few types, each of which they need.</summary>
public sealed class PublicApiTests
{
    private const int MaxTypes = 48;

    private static readonly Type[] Types = typeof(UsageTracker).Assembly.GetExportedTypes();

    // Those of Microsoft.Extensions.DependencyInjection hold extension methods, and nobody names them.
    [Fact]
    public void The_library_has_at_most_48_public_types() =>
        Types.Where(type => type.Namespace!.StartsWith("StreamUsage", StringComparison.Ordinal))
            .Should().HaveCountLessThanOrEqualTo(MaxTypes);

    [Fact]
    public void In_the_framework_s_namespace_are_extension_methods_alone() =>
        Types.Where(type => !type.Namespace!.StartsWith("StreamUsage", StringComparison.Ordinal))
            .Should().OnlyContain(type => type.IsAbstract && type.IsSealed);

    [Fact]
    public void A_builder_has_only_what_an_extension_method_cannot_be() =>
        typeof(IStreamUsageBuilder).GetMethods().Should().OnlyContain(method => method.IsSpecialName);
}
