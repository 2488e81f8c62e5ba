namespace StreamUsage;

/// <summary>Where a count comes from.</summary>
public enum TokenSource
{
    /// <summary>Nothing is known, or nothing was used: the count is 0.</summary>
    None,

    /// <summary>The provider said so. A reported 0 is a fact and is never replaced.</summary>
    Reported,

    /// <summary>Counted from the content, because the provider did not say.</summary>
    Estimated,
}
