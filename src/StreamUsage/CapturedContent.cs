namespace StreamUsage;

/// <summary>What of an exchange is kept in its record beside the figures.</summary>
[Flags]
public enum CapturedContent
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The message that the response brought: <see cref="CapturedResponse.Message"/>.</summary>
    Message = 1,

    /// <summary>The data of every event: <see cref="CapturedResponse.Events"/>.</summary>
    Events = 2,

    /// <summary>The request's body, where the caller gave it: <see cref="UsageContext.RequestBody"/> of <see cref="UsageRecord.Context"/>.</summary>
    RequestBody = 4,

    /// <summary>The response's headers, secrets redacted.</summary>
    Headers = 8,
}
