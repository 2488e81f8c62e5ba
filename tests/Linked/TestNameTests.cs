using System.Reflection;

namespace StreamUsage.Tests.Linked;

/// <summary>Names of tests are sentences that fit on a line.</summary>
public sealed class TestNameTests
{
    private const int MaxLength = 90;

    [Fact]
    public void A_test_s_name_has_at_most_90_characters()
    {
        IEnumerable<string> names = typeof(TestNameTests).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public))
            .Where(method => method.IsDefined(typeof(FactAttribute)))
            .Select(method => method.Name);

        names.Should().Contain(nameof(A_test_s_name_has_at_most_90_characters))
            .And.OnlyContain(name => name.Length <= MaxLength);
    }
}
