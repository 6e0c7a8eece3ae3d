// Package webhook verifies webhooks that are signed by Standard Webhooks.
package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const tolerance = 5 * time.Minute

// Verify says whether a request is authentic and recent. The secret is the signing secret as it
// was shown (whsec_…), the body exactly what came in.
func Verify(secret string, headers http.Header, body []byte) bool {
	id := first(headers, "Webhook-Id", "Svix-Id")
	timestamp := first(headers, "Webhook-Timestamp", "Svix-Timestamp")
	signatures := first(headers, "Webhook-Signature", "Svix-Signature")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || id == "" || signatures == "" {
		return false
	}
	age := time.Since(time.Unix(seconds, 0))
	if age > tolerance || age < -tolerance {
		return false
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	expected := []byte("v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	// While a secret is rotated, there are two signatures: one of them has to fit.
	for _, entry := range strings.Split(signatures, " ") {
		if hmac.Equal(expected, []byte(entry)) {
			return true
		}
	}
	return false
}

func first(headers http.Header, names ...string) string {
	for _, name := range names {
		if value := headers.Get(name); value != "" {
			return value
		}
	}
	return ""
}
