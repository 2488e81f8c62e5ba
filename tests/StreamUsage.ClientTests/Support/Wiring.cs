namespace StreamUsage.ClientTests.Support;

/// <summary>Where the tracking handler is in an <see cref="HttpClient"/>.</summary>
public enum Wiring
{
    /// <summary>Nowhere.</summary>
    Untracked,

    /// <summary>Alone.</summary>
    Handler,

    /// <summary>Inside the standard resilience handler: it sees each attempt.</summary>
    InsideResilience,

    /// <summary>Outside the standard resilience handler: it sees the last attempt.</summary>
    OutsideResilience,
}
