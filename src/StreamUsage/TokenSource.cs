namespace StreamUsage;

/// <summary>Specifies where a count comes from.</summary>
public enum TokenSource
{
    /// <summary>Unknown or unused: the count is 0.</summary>
    None,

    /// <summary>Reported by the provider. A reported 0 counts.</summary>
    Reported,

    /// <summary>Estimated from the content, because the provider did not report it.</summary>
    Estimated,
}
