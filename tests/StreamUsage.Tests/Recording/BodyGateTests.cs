using StreamUsage.Recording;

namespace StreamUsage.Tests.Recording;

/// <summary>The lock of a body: one thread at a time, which may enter again.</summary>
public sealed class BodyGateTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30), Short = TimeSpan.FromMilliseconds(50);

    private BodyGate _gate;

    [Fact]
    public void A_thread_that_is_inside_may_enter_again()
    {
        using (_gate.Enter())
        using (_gate.Enter())
        using (_gate.Enter())
        {
        }

        Enter().Join(Long).Should().BeTrue("all scopes have ended");
    }

    [Fact]
    public void An_inner_scope_does_not_open_the_gate_for_others()
    {
        Thread other;
        using (_gate.Enter())
        {
            using (_gate.Enter())
            {
            }

            other = Enter();
            other.Join(Short).Should().BeFalse("the outer scope has not ended");
        }

        other.Join(Long).Should().BeTrue();
    }

    private Thread Enter()
    {
        var other = new Thread(() =>
        {
            using (_gate.Enter())
            {
            }
        });
        other.Start();
        return other;
    }
}
