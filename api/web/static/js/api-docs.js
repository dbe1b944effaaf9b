// Starts Swagger UI on our own OpenAPI document; writes made with a session carry the page's CSRF token.
const place = document.getElementById("swagger-ui");
const csrf = document.querySelector('meta[name="csrf-token"]').content;

SwaggerUIBundle({
  url: place.dataset.document,
  domNode: place,
  deepLinking: false,
  validatorUrl: null,
  // The page has a heading of its own.
  plugins: [{ wrapComponents: { InfoContainer: () => () => null } }],
  requestInterceptor: (request) => {
    request.headers["X-CSRFToken"] = csrf;
    return request;
  },
});
