using System.Text;
using FluentAssertions;
using StreamUsage.Parsing;
using Xunit;

namespace StreamUsage.Tests.Parsing;

public sealed class SharedNamesTests
{
    [Theory]
    [InlineData("claude-example-1")]
    [InlineData("end_turn")]
    [InlineData("x")]
    [InlineData("")]
    public void A_name_that_was_said_before_is_the_same_string(string name)
    {
        string? first = SharedNames.Find(Encoding.ASCII.GetBytes(name));

        first.Should().Be(name);
        SharedNames.Find(Encoding.ASCII.GetBytes(name)).Should().BeSameAs(first);
    }

    [Fact]
    public void Names_never_stand_for_each_other_however_many_there_are()
    {
        for (int round = 0; round < 2; round++)
        {
            for (int i = 0; i < 5_000; i++)
            {
                SharedNames.Find(Encoding.ASCII.GetBytes($"model-{i}")).Should().Be($"model-{i}");
            }
        }
    }

    [Fact]
    public void What_is_no_ascii_or_too_long_is_not_shared()
    {
        SharedNames.Find("mod\u00e8le"u8).Should().BeNull();
        SharedNames.Find(Encoding.ASCII.GetBytes(new string('a', 65))).Should().BeNull();
    }
}
