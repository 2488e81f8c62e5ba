namespace StreamUsage;

/// <summary>What is said about requests that an SDK makes and hides. See <see cref="UsageTrackingHandler"/>.</summary>
public static class UsageScope
{
    private static readonly AsyncLocal<UsageContext?> Ambient = new();

    /// <summary>What was said last on this flow of control; null where nothing was.</summary>
    internal static UsageContext? Current => Ambient.Value;

    /// <summary>
    /// Says it about every request that is sent through a <see cref="UsageTrackingHandler"/> on this flow of control until the returned scope is disposed, but for those that have a context of their own
    /// (<see cref="HttpRequestMessageExtensions.SetUsageContext"/>). An inner scope takes the outer one's place.
    /// </summary>
    /// <param name="context">What the caller says.</param>
    /// <returns>The scope; disposing it brings the outer one back.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="context"/> is null.</exception>
    public static IDisposable Begin(UsageContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var scope = new Scope(Ambient.Value);
        Ambient.Value = context;
        return scope;
    }

    private sealed class Scope(UsageContext? outer) : IDisposable
    {
        public void Dispose() => Ambient.Value = outer;
    }
}
